// Why a rule fired or did not at a moment of the past: the gateway reads its journal up to then, and
// what cannot be known stands below.

import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { call } from '../../api/client'
import type { ExplainedThen } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat } from '../../session'
import { Trouble } from '../../ui/kit'
import { When } from '../../ui/when'
import { Explanation } from './explain'

const every = 700 // ms between two looks at one that runs

interface Props {
  id: string
  device: string
  room: string
  at: string // an instant
  choose: (device: string) => void
}

export function ExplainThenView({ id, device, room, at, choose }: Props) {
  const { t } = useT()
  const running = useRef<string>(undefined)
  const begun = useQuery({
    queryKey: ['rule-explanation', 'begin', id, device, room, at],
    queryFn: () =>
      call(`/v1/rules/${encodeURIComponent(id)}/explanations`, {
        method: 'POST',
        body: { at, ...(device ? { device } : { zone: room }) },
      }),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  })
  const job = begun.data?.id
  const q = useQuery({
    queryKey: ['rule-explanation', job],
    enabled: !!job,
    queryFn: () => call(`/v1/rule-explanations/${job}`),
    refetchInterval: (x) => (x.state.data?.state === 'running' ? every : false),
    gcTime: 0,
    retry: false,
  })
  const x = q.data
  running.current = x?.state === 'running' ? x.id : undefined
  const stop = (one: string) => call(`/v1/rule-explanations/${one}`, { method: 'DELETE' })
  // Nobody waits for it any more.
  useEffect(
    () => () => {
      if (running.current) void stop(running.current).catch(() => {})
    },
    [job],
  )
  const error = begun.error ?? q.error
  if (error)
    return (
      <Stack align="flex-start">
        <Trouble error={error} />
        <Button size="compact-sm" variant="default" onClick={() => void begun.refetch()}>
          {t('common.retry')}
        </Button>
      </Stack>
    )
  if (!x || x.state === 'running')
    return (
      <Stack gap="xs">
        <Progress value={x ? reached(x) : 0} aria-label={t('rules.progress')} />
        {x && (
          <Group>
            <Text size="sm">
              {t('rules.thenReads')} <When at={x.reached ?? x.from} seconds />
            </Text>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => void stop(x.id).then(() => q.refetch())}>
              {t('rules.stop')}
            </Button>
          </Group>
        )}
      </Stack>
    )
  return (
    <Stack>
      {x.problem && (
        <Alert color="red" role="alert">
          {x.problem}
        </Alert>
      )}
      {x.cut ? (
        <Alert color="yellow">{t('rules.thenCut.' + x.cut)}</Alert>
      ) : (
        !x.problem && <Then x={x} choose={choose} />
      )}
    </Stack>
  )
}

const reached = (x: ExplainedThen) => {
  const span = Math.max(1, Date.parse(x.at) - Date.parse(x.from))
  return x.reached ? (100 * (Date.parse(x.reached) - Date.parse(x.from))) / span : 0
}

function Then({ x, choose }: { x: ExplainedThen; choose: (device: string) => void }) {
  const { t } = useT()
  const f = useFormat()
  const at = f.moment(x.at, true)
  return (
    <>
      <Explanation x={x.explained} choose={choose} then={x.at} />
      <Alert color="gray" variant="light" title={t('rules.thenUnknown')} data-testid="then-unknown">
        <ul>
          <li>
            {t('rules.thenFrom', { at: f.moment(x.from, true), n: f.number(x.events) })}
            {x.short && ' ' + t('rules.thenShort.' + x.short)}
          </li>
          <li>
            {x.rule_changed
              ? t('rules.thenRuleChanged', { at: f.moment(x.rule_changed) })
              : t('rules.thenRule', { at })}
          </li>
          <li>{t('rules.thenNames')}</li>
        </ul>
      </Alert>
    </>
  )
}
