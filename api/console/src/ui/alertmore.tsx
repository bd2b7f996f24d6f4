// The opened part of an alert: who shall see to it, what is said about it, and what happened.

import { Button, Group, Select, Stack, Text, Textarea } from '@mantine/core'
import { IconMessage, IconUserCheck } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/client'
import type { Alert, Sent } from '../api/types'
import { useT } from '../i18n'
import { useSession } from '../session'
import { AlertStory } from './alertstory'
import { useForm } from './form'
import { Trouble, useDeed } from './kit'

const stretches = [15, 60, 240, 720] // minutes

/** Renews what shows alerts, after a deed. */
export function useRenewAlerts() {
  const cache = useQueryClient()
  return () => {
    for (const k of ['alerts', 'alert', 'incidents']) void cache.invalidateQueries({ queryKey: [k] })
  }
}

/** Who may handle the alerts of a school. */
export function useAssignees(school: string) {
  const { can } = useSession()
  const q = useQuery({
    queryKey: ['assignees', school],
    queryFn: ({ signal }) => call('/v1/alerts/assignees', { query: { school, limit: 1000 }, signal }),
    staleTime: 60_000,
    enabled: can('alerts:write'),
  })
  return q.data?.items ?? []
}

export function AlertMore({ a }: { a: Alert }) {
  const { can } = useSession()
  const over = a.state === 'closed'
  return (
    <section className="alert-more" data-testid="alert-more">
      {can('alerts:write') && !over && <Hands a={a} />}
      {can('alerts:write') && <Remark a={a} />}
      <AlertStory a={a} />
    </section>
  )
}

// Who shall see to it, and for how long it is in hand.
function Hands({ a }: { a: Alert }) {
  const { t } = useT()
  const { me } = useSession()
  const renew = useRenewAlerts()
  const deed = useDeed()
  const path = `/v1/alerts/${encodeURIComponent(a.id)}` as const
  const all = useAssignees(a.school)
  const options = all.map((h) => ({ value: h.id, label: h.name }))
  if (a.assignee && !all.some((h) => h.id === a.assignee))
    options.push({ value: a.assignee, label: a.assignee_name ?? a.assignee })
  const assign = (to: string) =>
    deed.run(async () => {
      await call(`${path}/assign`, {
        method: 'POST',
        body: { version: a.version, assignee: to } satisfies Sent<'AssignInput'>,
      })
      renew()
    })
  const hold = (minutes: number) =>
    deed.run(async () => {
      await call(`${path}/acknowledge`, {
        method: 'POST',
        body: { version: a.version, minutes } satisfies Sent<'AcknowledgeInput'>,
      })
      renew()
    })
  const giveBack = () =>
    deed.run(async () => {
      await call(`${path}/unacknowledge`, {
        method: 'POST',
        body: { version: a.version } satisfies Sent<'CommentInput'>,
      })
      renew()
    })
  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-end">
        <Select
          size="xs"
          label={t('handling.assignee')}
          placeholder={t('handling.nobody')}
          clearable
          searchable
          data-testid="assignee"
          disabled={deed.busy}
          value={a.assignee || null}
          data={options}
          onChange={(id) => void assign(id ?? '')}
        />
        {a.assignee !== me.user.id && all.some((h) => h.id === me.user.id) && (
          <Button
            size="xs"
            variant="default"
            data-testid="mine"
            leftSection={<IconUserCheck size={16} aria-hidden />}
            loading={deed.busy}
            onClick={() => void assign(me.user.id)}>
            {t('handling.mine')}
          </Button>
        )}
        {(a.state === 'open' || a.state === 'acknowledged') && (
          <Select
            size="xs"
            label={t('handling.holdFor')}
            placeholder={t('handling.bySeverity')}
            data-testid="hold"
            disabled={deed.busy}
            value={null}
            data={stretches.map((n) => ({ value: String(n), label: spanOf(n, t) }))}
            onChange={(n) => n && void hold(Number(n))}
          />
        )}
        {a.state === 'acknowledged' && (
          <Button
            size="xs"
            variant="default"
            data-testid="give-back"
            loading={deed.busy}
            onClick={() => void giveBack()}>
            {t('handling.giveBack')}
          </Button>
        )}
      </Group>
      {deed.error !== undefined && <Trouble error={deed.error} />}
    </Stack>
  )
}

const spanOf = (minutes: number, t: ReturnType<typeof useT>['t']) =>
  minutes < 60 ? t('time.min', { n: minutes }) : t('time.h', { n: minutes / 60 })

function Remark({ a }: { a: Alert }) {
  const { t } = useT()
  const renew = useRenewAlerts()
  const form = useForm('RemarkInput', { comment: '' })
  const comment = form.v.comment.trim()
  const send = () =>
    form.run(async () => {
      await call(`/v1/alerts/${encodeURIComponent(a.id)}/comment`, {
        method: 'POST',
        body: { comment } satisfies Sent<'RemarkInput'>,
      })
      form.reset()
      renew()
    })
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault()
        if (comment) void send()
      }}>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <Textarea
          className="alert-remark"
          size="xs"
          autosize
          minRows={1}
          maxRows={6}
          label={t('handling.comment')}
          placeholder={t('handling.commentHint')}
          {...form.text('comment')}
        />
        <Button
          size="xs"
          type="submit"
          variant="default"
          data-testid="comment"
          loading={form.busy}
          disabled={!comment}
          leftSection={<IconMessage size={16} aria-hidden />}>
          {t('handling.say')}
        </Button>
      </Group>
      {form.error !== undefined && !form.said('comment') && <Trouble error={form.error} />}
      <Text size="xs" c="dimmed">
        {t('handling.commentSeen')}
      </Text>
    </form>
  )
}
