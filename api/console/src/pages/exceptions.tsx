// What needs a person: one list with age and owner. j and k go through it, e settles, t takes, u opens
// the last one again.

import { Button, Group, Switch, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import type { Exception, Sent } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useNow, useSchoolParam, useSession } from '../session'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel, Tag, Trouble, useDeed } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { usePlaces } from '../ui/states'
import { codeWord } from '../ui/words'
import { byName } from './musters/parts'

const renewed = 20_000 // milliseconds
const old = 24 * 3600_000 // milliseconds: from then on its age is marked

type Deed = Sent<'ExceptionInput'>['deed']

export function ExceptionsPage() {
  const { t } = useT()
  const f = useFormat()
  const now = useNow(30_000)
  const school = useSchoolParam()
  const { get, put } = useAddress()
  const counts = useQuery({
    queryKey: ['exceptions', 'count', school],
    queryFn: ({ signal }) => call('/v1/exceptions/count', { query: { school }, signal }),
    refetchInterval: renewed,
  })
  return (
    <Page title={t('nav.exceptions')} sub={t('exceptions.sub')}>
      <Loaded q={counts}>
        {(c) => (
          <div className="chips" role="group" aria-label={t('nav.exceptions')}>
            {c.kinds.map((k) => (
              <button
                type="button"
                key={k.kind}
                className="chip"
                aria-pressed={get('kind') === k.kind}
                data-testid={'exception-' + k.kind}
                onClick={() => put('kind', get('kind') === k.kind ? null : k.kind)}>
                <b>{f.number(k.open)}</b> {codeWord(t, 'attendanceException', k.kind)}{' '}
                <Tag tone={now - Date.parse(k.oldest) > old ? 'orange' : 'gray'}>
                  {t('exceptions.oldest', { age: f.ago(k.oldest, now) })}
                </Tag>
              </button>
            ))}
          </div>
        )}
      </Loaded>
      <Queue />
    </Page>
  )
}

function Queue() {
  const { t } = useT()
  const school = useSchoolParam()
  const { get, put } = useAddress()
  const settled = get('settled') !== ''
  const list = usePaged(
    'exceptions',
    '/v1/exceptions',
    { school, kind: get('kind'), settled: settled || undefined },
    { every: renewed, limit: 50 },
  )
  return (
    <Panel flush label={t('nav.exceptions')}>
      <div className="filters">
        <Switch
          label={t('exceptions.settled')}
          checked={settled}
          onChange={(e) => put('settled', e.currentTarget.checked ? 'yes' : null)}
        />
        <Text size="sm" c="dimmed" className="wide">
          {t('exceptions.keys')}
        </Text>
      </div>
      <PagedList
        list={list}
        empty={
          <Empty
            title={t('exceptions.none')}
            hint={t(settled ? 'exceptions.noneSettled' : 'exceptions.noneHint')}
          />
        }>
        {(rows) => <Lines rows={rows} />}
      </PagedList>
    </Panel>
  )
}

function Lines({ rows }: { rows: Exception[] }) {
  const { t } = useT()
  const { can } = useSession()
  const school = useSchoolParam()
  const cache = useQueryClient()
  const deed = useDeed()
  const [at, setAt] = useState(0)
  const last = useRef<string>(undefined) // the one that was settled last
  const box = useRef<HTMLUListElement>(null)
  const here = Math.min(at, rows.length - 1)
  const may = can('attendance:write')
  const mark = (id: string, what: Deed) =>
    void deed.run(async () => {
      await call(`/v1/exceptions/${id}`, {
        method: 'POST',
        body: { school, deed: what } satisfies Sent<'ExceptionInput'>,
      })
      if (what === 'settle') last.current = id
      if (what === 'reopen') last.current = undefined
      await cache.invalidateQueries({ queryKey: ['exceptions'] })
    })
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      const on = e.target as HTMLElement
      if (e.ctrlKey || e.metaKey || e.altKey || on.closest('input, textarea, select, [role=dialog]')) return
      const row = rows[here]
      if (e.key === 'j') setAt(Math.min(here + 1, rows.length - 1))
      else if (e.key === 'k') setAt(Math.max(here - 1, 0))
      else if (!may || deed.busy) return
      else if (e.key === 'e' && row && !row.done) mark(row.id, 'settle')
      else if (e.key === 't' && row && !row.done) mark(row.id, row.owner ? 'release' : 'take')
      else if (e.key === 'u' && last.current) mark(last.current, 'reopen')
      else return
      e.preventDefault()
    }
    window.addEventListener('keydown', key)
    return () => window.removeEventListener('keydown', key)
  })
  useEffect(() => {
    box.current?.children[here]?.scrollIntoView({ block: 'nearest' })
  }, [here])
  return (
    <>
      {deed.error ? <Trouble error={deed.error} /> : null}
      <ul className="roll exceptions" ref={box} aria-label={t('nav.exceptions')}>
        {rows.map((x, i) => (
          <Line
            key={x.id}
            x={x}
            here={i === here}
            onHere={() => setAt(i)}
            onMark={may ? (what) => mark(x.id, what) : undefined}
          />
        ))}
      </ul>
    </>
  )
}

function Line({
  x,
  here,
  onHere,
  onMark,
}: {
  x: Exception
  here: boolean
  onHere: () => void
  onMark?: (deed: Deed) => void
}) {
  const { t } = useT()
  const f = useFormat()
  const now = useNow(30_000)
  const { can } = useSession()
  const places = usePlaces()
  const who = x.person ? x.name || x.person : ''
  return (
    <li data-here={here || undefined} aria-current={here} data-kind={x.kind} onClick={onHere}>
      <div className="roll-who">
        <b>{codeWord(t, 'attendanceException', x.kind)}</b>{' '}
        {who && (can('people:open') ? <Link to={`/people/${x.person}`}>{who}</Link> : who)}{' '}
        <Text span size="sm" c="dimmed">
          {x.class}
        </Text>{' '}
        {x.count && <Tag>{t('exceptions.times', { n: f.number(x.count) })}</Tag>}{' '}
        <Tag tone={!x.done && now - Date.parse(x.at) > old ? 'orange' : 'gray'}>{f.ago(x.at, now)}</Tag>
        <Text size="sm" c="dimmed">
          {[
            f.moment(x.at, false),
            x.zone && places.zoneName(x.zone),
            x.of && t('sessionKind.' + x.of),
            x.owner && t('exceptions.owner', { name: byName(x.owner) }),
            x.done && t('exceptions.doneBy', { name: byName(x.by), time: f.moment(x.done, false) }),
            x.note,
          ]
            .filter(Boolean)
            .join(' · ')}{' '}
          {x.session && can('attendance:read') && (
            <Link to={`/attendance?date=${x.date}&session=${x.session}`}>{t('exceptions.toAnswer')}</Link>
          )}
          {x.device && can('devices:read') && (
            <Link to={`/fleet/${x.device}`}>{t('exceptions.toDevice')}</Link>
          )}
        </Text>
      </div>
      {onMark && (
        <Group gap={6}>
          {x.done ? (
            <Button size="compact-md" variant="default" onClick={() => onMark('reopen')}>
              {t('exceptions.reopen')}
            </Button>
          ) : (
            <>
              <Button
                size="compact-md"
                variant="default"
                onClick={() => onMark(x.owner ? 'release' : 'take')}>
                {t(x.owner ? 'exceptions.release' : 'exceptions.take')}
              </Button>
              <Button size="compact-md" onClick={() => onMark('settle')}>
                {t('exceptions.settle')}
              </Button>
            </>
          )}
        </Group>
      )}
    </li>
  )
}
