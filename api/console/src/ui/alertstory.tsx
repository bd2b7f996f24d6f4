// The time line of an alert: what people and its rule did, who was called, what devices were told.

import { Button, Text } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { APIError, call } from '../api/client'
import type { Alert, AlertEntry, CallEntry, Calling } from '../api/types'
import { useT } from '../i18n'
import { story, type StoryLine } from '../lib/alertstory'
import { useFormat } from '../session'
import { CommandTag } from './commands'
import { Loaded, Tag } from './kit'
import { useProfiles } from './states'
import { CameOf } from './told'
import { When } from './when'

/** Who was called; undefined where nobody was. */
function useCalling(a: Alert) {
  return useQuery({
    queryKey: ['alert', a.id, 'calls', a.version],
    queryFn: async ({ signal }): Promise<Calling | null> => {
      try {
        return await call(`/v1/alerts/${encodeURIComponent(a.id)}/calls`, { signal })
      } catch (e) {
        if (e instanceof APIError && e.status === 404) return null
        throw e
      }
    },
    placeholderData: keepPreviousData,
    refetchInterval: a.state === 'open' ? 10_000 : false,
  })
}

export function AlertStory({ a }: { a: Alert }) {
  const { t } = useT()
  const calling = useCalling(a)
  const history = useInfiniteQuery({
    queryKey: ['alert', a.id, 'history', a.version],
    queryFn: ({ signal, pageParam }) =>
      call(`/v1/alerts/${encodeURIComponent(a.id)}/history`, { query: { cursor: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
  return (
    <>
      {calling.data && <Next c={calling.data} />}
      <Loaded q={history}>
        {(d) => (
          <ol className="story" aria-label={t('handling.story')} data-testid="story">
            {story(
              d.pages.flatMap((p) => p.items ?? []),
              calling.data ?? undefined,
              a.commands ?? undefined,
            ).map((l) => (
              <li key={l.key} data-kind={l.kind}>
                <When at={l.at} seconds />
                <div>
                  <LineText l={l} />
                </div>
              </li>
            ))}
          </ol>
        )}
      </Loaded>
      {history.hasNextPage && (
        <Button
          size="compact-xs"
          variant="default"
          loading={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage()}>
          {t('handling.later')}
        </Button>
      )}
    </>
  )
}

// How far the chain is: who is called next and when, or that nobody answered.
function Next({ c }: { c: Calling }) {
  const { t } = useT()
  const f = useFormat()
  const chain = f.local(c.chain_name, c.chain_name_zh)
  if (c.state === 'due' && c.due)
    return (
      <Text size="sm" data-testid="calling">
        {t('calls.next', { step: c.step + 1, at: f.clock(c.due, true), chain })}
      </Text>
    )
  if (c.state === 'due') return null
  return (
    <Text size="sm" data-testid="calling" c={c.state === 'answered' ? undefined : 'red'}>
      {t('calls.' + c.state, { chain })}
    </Text>
  )
}

function LineText({ l }: { l: StoryLine }) {
  switch (l.kind) {
    case 'entry':
      return <EntryText e={l.e} />
    case 'call':
      return <CallText e={l.e} />
    default:
      return <CommandText l={l} />
  }
}

function EntryText({ e }: { e: AlertEntry }) {
  const { t } = useT()
  const f = useFormat()
  const params = {
    to: e.to_name || e.to || '',
    until: e.until ? f.short(e.until) : '',
    from: e.from_severity ? t('severity.' + e.from_severity) : '',
    severity: e.severity ? t('severity.' + e.severity) : '',
    n: e.count ?? 0,
  }
  return (
    <>
      {t(e.what === 'assigned' && !e.to ? 'handling.assignedNobody' : 'alertWhat.' + e.what, params)}
      {(e.by_name || e.by) && (
        <>
          {' '}
          · <strong>{e.by_name || e.by}</strong>
          {e.by_link && ' ' + t('handling.byLink')}
        </>
      )}
      {e.comment && <div className="story-said">“{e.comment}”</div>}
    </>
  )
}

function CallText({ e }: { e: CallEntry }) {
  const { t } = useT()
  return (
    <>
      <Tag tone={e.what === 'told' ? 'blue' : 'orange'}>{t('calls.step', { n: e.step + 1 })}</Tag>{' '}
      {t('callWhat.' + e.what, { who: e.name || e.user || e.channel_name || e.channel || '' })}{' '}
      <CameOf
        state={e.state}
        code={e.code}
        read={e.read}
        channels={(e.ways ?? []).map((w) => w.channel_name || w.channel)}
      />
    </>
  )
}

function CommandText({ l }: { l: StoryLine & { kind: 'command' } }) {
  return (
    <>
      <CommandName c={l.c} /> <CommandTag s={l.state} />
      {l.state === l.c.state && l.c.reason && <div className="story-said">{l.c.reason}</div>}
    </>
  )
}

/** "Siren 2: on" */
export function CommandName({ c }: { c: NonNullable<Alert['commands']>[number] }) {
  const { t } = useT()
  const f = useFormat()
  const profiles = useProfiles()
  const action = profiles.all.map((p) => p.actions?.[c.action]).find(Boolean)
  const what = f.local(action?.title, action?.title_zh) || (c.action === 'write' ? t('device.set') : c.action)
  return (
    <>
      {c.device_name || c.device}: {what}
      {c.drill && (
        <>
          {' '}
          <Tag tone="blue">{t('handling.drill')}</Tag>
        </>
      )}
    </>
  )
}
