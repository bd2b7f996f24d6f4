// The roll of a session on a telephone: one tap a person, also while there is no network.

import { Button, Select, Text } from '@mantine/core'
import { IconChecks } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { Link, useParams } from 'react-router'
import { APIError, call } from '../api/client'
import type { Attendance, AttendanceState, Sent } from '../api/types'
import { useT } from '../i18n'
import { arrived, keep, kept, rollMost, ticked, type Tick } from '../lib/roll'
import { useFormat, useSession } from '../session'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel, Tag, Trouble } from '../ui/kit'
import { AttendanceTag } from '../ui/states'
import { useClasses } from './people'

const answers = ['arrived', 'late', 'absent'] as const
const retryAfter = 3000 // milliseconds

export function RollPage() {
  const { t } = useT()
  const f = useFormat()
  const { id = '' } = useParams()
  const { get, put } = useAddress()
  const classes = useClasses()
  const cls = get('class')
  const session = useQuery({
    queryKey: ['session', id],
    queryFn: () => call(`/v1/sessions/${id}`),
  })
  const list = useQuery({
    queryKey: ['attendance', 'roll', id, cls],
    queryFn: () =>
      call('/v1/attendance', { query: { session: id, class: cls || undefined, limit: rollMost } }),
    refetchInterval: 15_000,
  })
  const roll = useRoll(id)
  return (
    <Page
      title={t('roll.title')}
      sub={
        session.data &&
        `${f.local(session.data.name, session.data.name_zh)}, ${f.clock(session.data.start, false)}`
      }
      actions={
        <Button variant="default" component={Link} to={`/attendance?session=${id}`}>
          {t('roll.register')}
        </Button>
      }>
      <div className="filters">
        <Select
          clearable
          searchable
          placeholder={t('people.anyClass')}
          aria-label={t('people.class')}
          value={cls || null}
          onChange={(v) => put('class', v)}
          data={classes}
        />
      </div>
      <Loaded q={list}>{(page) => <Roll rows={page.items} more={page.next !== ''} roll={roll} />}</Loaded>
    </Page>
  )
}

type Rolling = ReturnType<typeof useRoll>

function Roll({ rows, more, roll }: { rows: Attendance[]; more: boolean; roll: Rolling }) {
  const { t } = useT()
  const { can } = useSession()
  if (rows.length === 0)
    return (
      <Panel>
        <Empty title={t('roll.none')} hint={t('roll.noneHint')} />
      </Panel>
    )
  const state = (a: Attendance) => roll.waiting.find((x) => x.person === a.person)?.state ?? a.state
  const open = rows.filter(
    (a) => ['expected', 'unknown', 'absent'].includes(state(a)) && !byHand(a) && !roll.has(a.person),
  )
  return (
    <>
      <RollState roll={roll} />
      {more && <Text size="sm">{t('roll.more', { n: rollMost })}</Text>}
      <ul className="roll" aria-label={t('roll.title')}>
        {rows.map((a) => (
          <li key={a.person} data-person={a.person}>
            <div className="roll-who">
              <b>{a.name || a.person}</b> <AttendanceTag s={state(a)} />
              {roll.has(a.person) && <Tag tone="orange">{t('roll.waits')}</Tag>}
              {roll.refused[a.person] && (
                <Text size="sm" c="red" role="alert">
                  {roll.refused[a.person]}
                </Text>
              )}
            </div>
            <Button.Group aria-label={t('roll.answer', { name: a.name || a.person })}>
              {answers.map((v) => (
                <Button
                  key={v}
                  size="md"
                  px="sm"
                  variant={state(a) === v ? 'filled' : 'default'}
                  aria-pressed={state(a) === v}
                  disabled={!can('attendance:write')}
                  onClick={() => roll.tick([a.person], v)}>
                  {t('roll.' + v)}
                </Button>
              ))}
            </Button.Group>
          </li>
        ))}
      </ul>
      <div className="roll-foot">
        <Button
          fullWidth
          size="md"
          leftSection={<IconChecks size={18} aria-hidden />}
          disabled={open.length === 0 || !can('attendance:write')}
          onClick={() =>
            roll.tick(
              open.map((a) => a.person),
              'arrived',
            )
          }>
          {t('roll.rest', { count: open.length })}
        </Button>
      </div>
    </>
  )
}

/** Whether somebody said so before. */
const byHand = (a: Attendance) => (a.reasons ?? []).some((r) => r === 'corrected')

function RollState({ roll }: { roll: Rolling }) {
  const { t } = useT()
  if (roll.error) return <Trouble error={roll.error} retry={roll.again} />
  return (
    <Text size="sm" c="dimmed" role="status" data-testid="roll-state">
      {roll.waiting.length === 0
        ? t('roll.sent')
        : t('roll.waiting', { count: roll.waiting.length }) + (roll.safe ? '' : ' ' + t('roll.stay'))}
    </Text>
  )
}

/** The ticks of a session: kept here until the gateway has them. */
function useRoll(session: string) {
  const { t } = useT()
  const { me } = useSession()
  const cache = useQueryClient()
  const user = me.user.id
  const [waiting, setWaiting] = useState<Tick[]>(() => kept(user, session))
  const [safe, setSafe] = useState(true)
  const [refused, setRefused] = useState<Record<string, string>>({})
  const [error, setError] = useState<unknown>()
  const [turn, setTurn] = useState(0) // of sending
  const change = useCallback(
    (to: (was: Tick[]) => Tick[]) =>
      setWaiting((was) => {
        const now = to(was)
        setSafe(keep(user, session, now))
        return now
      }),
    [user, session],
  )
  useEffect(() => {
    if (waiting.length === 0 || error) return
    const sending = waiting.slice(0, rollMost)
    const ended = new AbortController()
    const send = async () => {
      try {
        const out = await call('/v1/attendance/roll', {
          method: 'POST',
          body: { session, ticks: sending, reason: t('roll.reason') } satisfies Sent<'RollInput'>,
          signal: ended.signal,
        })
        setRefused((was) => ({
          ...was,
          ...Object.fromEntries(out.refused.map((x) => [x.person, x.detail])),
        }))
        change((was) => arrived(was, sending))
        await cache.invalidateQueries({ queryKey: ['attendance'] })
      } catch (e) {
        if (ended.signal.aborted) return
        if (e instanceof APIError && (e.status === 0 || e.status >= 500 || e.status === 429)) {
          timer = window.setTimeout(() => setTurn((n) => n + 1), retryAfter)
        } else setError(e)
      }
    }
    let timer = window.setTimeout(() => void send(), 300) // taps that follow each other go together
    const online = () => setTurn((n) => n + 1)
    window.addEventListener('online', online)
    return () => {
      ended.abort()
      window.clearTimeout(timer)
      window.removeEventListener('online', online)
    }
  }, [waiting, turn, error, session, change, cache, t])
  return {
    waiting,
    safe,
    refused,
    error,
    has: (person: string) => waiting.some((x) => x.person === person),
    again: () => setError(undefined),
    tick: (people: string[], state: AttendanceState) => {
      const at = new Date().toISOString()
      setRefused((was) => Object.fromEntries(Object.entries(was).filter(([p]) => !people.includes(p))))
      change((was) => people.reduce((all, person) => ticked(all, { person, state, at }), was))
    },
  }
}
