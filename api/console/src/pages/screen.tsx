// The guard room's screen: no input, large, dark, and loud when it no longer knows what happens.

import { Text } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import { severities, type Alert, type AlertGroup, type Wall } from '../api/types'
import { useT } from '../i18n'
import { lostPattern, Siren } from '../lib/sound'
import { tallied, useLive, useWall } from '../live'
import { useFormat, useNow, useSession } from '../session'
import { Holds } from '../ui/alertcard'
import { useRooms } from '../ui/alertgroup'
import { Tag } from '../ui/kit'
import { LockdownBanner } from '../ui/lockdown'
import { SeverityTag } from '../ui/states'
import { Unheard } from '../ui/unheard'
import { WhereIs } from '../ui/whereabouts'

const rows = 60 // alerts that are asked for; a screen has room for fewer
const lostAfter = 35_000 // ms of silence; the stream says something every 15 s
const reloadEvery = 24 * 3600_000 // ms

export function ScreenPage() {
  const { t } = useT()
  const { school } = useSession()
  const f = useFormat()
  const now = useNow(1000)
  const live = useLive()
  const wall = useWall({ group: 'cause', limit: rows })
  const silent = now - Math.max(live.heard(), 0)
  const lost = live.state === 'lost' || silent > lostAfter
  useDark()
  useRenewal()
  useLossSound(lost)
  useEffect(() => {
    document.title = `${t('screen.title')} · Gatehouse`
  }, [t])
  return (
    <div className="screen" data-lost={lost || undefined}>
      <header className="screen-head">
        <h1>{school.name}</h1>
        {wall.data && <Totals w={wall.data} />}
        <time className="screen-clock">{f.clock(new Date(now).toISOString(), true)}</time>
        <Link to="/wall" className="screen-back" aria-label={t('screen.leave')}>
          <IconArrowLeft aria-hidden />
        </Link>
      </header>
      {lost ? (
        <div className="screen-lost" role="alert" data-testid="screen-lost">
          {t('screen.lost', { age: f.ago(new Date(live.heard()).toISOString(), now) })}
        </div>
      ) : (
        <div className="screen-live" role="status" data-testid="screen-live">
          <span className="tag-dot" aria-hidden />{' '}
          {t('screen.heard', { n: Math.max(0, Math.round(silent / 1000)) })}
          {live.blocked && <b> · {t('screen.soundOff')}</b>}
        </div>
      )}
      <LockdownBanner />
      {wall.data && <Board w={wall.data} now={now} />}
    </div>
  )
}

function Totals({ w }: { w: Wall }) {
  const { t } = useT()
  return (
    <div className="screen-totals">
      {(['critical', 'major', 'warning'] as const).map((s) => (
        <span key={s} data-severity={s} data-some={w.open[s] > 0 || undefined}>
          <b>{w.open[s]}</b> {t('severity.' + s)}
        </span>
      ))}
      <span>
        <b>{tallied(w.acknowledged)}</b> {t('alertState.acknowledged')}
      </span>
    </div>
  )
}

function Board({ w, now }: { w: Wall; now: number }) {
  const { t } = useT()
  const lines = useMemo(() => burningFirst(w.groups ?? []), [w.groups])
  const list = useRef<HTMLOListElement>(null)
  const cut = useCut(list)
  const places = placesOf(lines)
  if (lines.length === 0)
    return (
      <div className="screen-quiet">
        <p>{t('wall.quiet')}</p>
      </div>
    )
  const all = w.group_count ?? 0
  return (
    <div className="screen-board" data-place={places.length > 0 || undefined}>
      <div className="screen-left">
        <ol className="screen-lines" ref={list}>
          {lines.map((l) => (
            <ScreenLine key={l.key} g={l} now={now} />
          ))}
        </ol>
        {all > lines.length - cut && (
          <Cut lines={lines.slice(lines.length - cut)} all={all - lines.length + cut} />
        )}
      </div>
      {places.length > 0 && (
        <aside className="screen-places" data-many={places.length > 1 || undefined}>
          {places.slice(0, placesShown).map((p) => (
            <section className="screen-place" key={p.key} data-place={p.zone || p.device}>
              <ScreenTitle a={p.alert} />
              <WhereIs
                zone={p.zone}
                device={p.device}
                deviceName={p.device_name}
                severity={p.alert.severity}
              />
            </section>
          ))}
          {places.length > placesShown && (
            <p className="screen-more">{t('wall.moreRooms', { n: places.length - placesShown })}</p>
          )}
        </aside>
      )}
    </div>
  )
}

const placesShown = 4 // that are large enough to be seen from across the room

interface Place {
  key: string
  alert: Alert
  zone?: string
  device?: string
  device_name?: string
}

/** Every place in which something unanswered holds, of the severity of the worst; else that of the
 * first unanswered alert. */
export function placesOf(lines: AlertGroup[]): Place[] {
  const open = lines.filter((g) => g.unacknowledged > 0 && g.places.length > 0)
  const burns = open.filter((g) => g.firing > 0)
  const first = burns[0] ?? open[0]
  if (!first) return []
  const out = new Map<string, Place>()
  for (const g of burns.length > 0 ? burns.filter((g) => g.severity === first.severity) : [first])
    for (const p of g.places.filter((p) => p.firing > 0 || g.firing === 0)) {
      const key = p.zone || p.device || ''
      if (!out.has(key)) out.set(key, { ...p, key, alert: g.alert })
    }
  return [...out.values()]
}

// What burns stands above what is over, within a severity.
export function burningFirst(groups: AlertGroup[]): AlertGroup[] {
  const rank = (g: AlertGroup) => severities.indexOf(g.severity) * 2 + (isOver(g) ? 0 : 1)
  return [...groups].sort((a, b) => rank(b) - rank(a))
}

const isOver = (g: AlertGroup) => g.firing === 0 && !!g.alert.ended

// How many lines at the end are not, or not whole, on the screen: nobody scrolls it.
function useCut(list: React.RefObject<HTMLOListElement | null>): number {
  const [cut, setCut] = useState(0)
  useLayoutEffect(() => {
    const end = list.current?.getBoundingClientRect().bottom ?? 0
    const rows = [...(list.current?.children ?? [])]
    const out = rows.filter((r) => r.getBoundingClientRect().bottom > end + 1).length
    if (out !== cut) setCut(out)
  })
  return cut
}

// What there is besides the lines that are in view.
function Cut({ lines, all }: { lines: AlertGroup[]; all: number }) {
  const { t } = useT()
  const critical = lines.filter((g) => g.severity === 'critical').length
  return (
    <p className="screen-more" data-critical={critical > 0 || undefined} data-testid="screen-more">
      {t('screen.more', { n: all })}
      {critical > 0 && ` · ${t('screen.moreCritical', { n: critical })}`}
    </p>
  )
}

function ScreenTitle({ a }: { a: Alert }) {
  const f = useFormat()
  return (
    <Text fw={700} size="xl">
      {f.local(a.title, a.title_zh)}
    </Text>
  )
}

function ScreenLine({ g, now }: { g: AlertGroup; now: number }) {
  const { t } = useT()
  const f = useFormat()
  const a = g.alert
  const rooms = useRooms(true)(g)
  const where = g.count === 1 && a.zone ? [rooms[0], a.device_name] : rooms.slice(0, 4)
  const more = g.place_count - where.length
  return (
    <li
      className="screen-line"
      data-severity={g.severity}
      data-open={g.unacknowledged > 0 || undefined}
      data-over={isOver(g) || undefined}>
      <SeverityTag s={g.severity} />
      <div>
        <b>
          {f.local(a.title, a.title_zh)}
          {g.count > 1 && ` × ${g.count}`}
        </b>
        <span>
          {where.filter(Boolean).join(' · ')}
          {g.count > 1 && more > 0 && ` · ${t('wall.moreRooms', { n: more })}`}{' '}
          {g.count > 1 && g.firing > 0 ? (
            <>
              <Tag tone="red">{t('wall.firingOf', { n: g.firing })}</Tag>{' '}
              <Unheard at={g.last_heard} n={g.unheard} />
            </>
          ) : (
            <Holds a={a} />
          )}
          {a.drill && <Tag tone="blue">{t('handling.drill')}</Tag>}
          {a.handler_name && a.state === 'acknowledged' && (
            <>
              {' '}
              · <Tag tone="blue">{t('wall.handledBy', { name: a.handler_name })}</Tag>
            </>
          )}
        </span>
      </div>
      <time dateTime={g.newest}>{f.ago(g.newest, now)}</time>
    </li>
  )
}

// The guard room is dark at night, whatever the browser prefers.
function useDark() {
  useEffect(() => {
    const root = document.documentElement
    const was = root.getAttribute('data-mantine-color-scheme')
    root.setAttribute('data-mantine-color-scheme', 'dark')
    return () => {
      if (was) root.setAttribute('data-mantine-color-scheme', was)
    }
  }, [])
}

// Loads the page again when the gateway has another version, and once a day.
function useRenewal() {
  const { me } = useSession()
  const version = me.version
  const begun = useRef(Date.now())
  const q = useQuery({
    queryKey: ['screen-version'],
    queryFn: () => call('/v1/me', { quiet: true }),
    refetchInterval: 60_000,
    retry: false,
  })
  useEffect(() => {
    if ((q.data && q.data.version !== version) || (q.data && Date.now() - begun.current > reloadEvery))
      window.location.reload()
  }, [q.data, version])
}

// A sound of its own while the stream is lost; it is not muted.
function useLossSound(lost: boolean) {
  const [siren] = useState(() => new Siren())
  useEffect(() => {
    if (lost) siren.start(lostPattern)
    else siren.stop()
    return () => siren.stop()
  }, [lost, siren])
}
