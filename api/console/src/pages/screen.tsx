// The guard room's screen: no input, large, dark, and loud when it no longer knows what happens.

import { Text } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import type { Alert, AlertGroup, Wall } from '../api/types'
import { useT } from '../i18n'
import { lostPattern, Siren } from '../lib/sound'
import { tallied, useLive, useWall } from '../live'
import { useFormat, useNow, useSession } from '../session'
import { Holds } from '../ui/alertcard'
import { useRooms } from '../ui/alertgroup'
import { Tag } from '../ui/kit'
import { SeverityTag } from '../ui/states'
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
  const lines = w.groups ?? []
  const placed = lines.map((g) => g.alert).filter((a) => a.state === 'open' && (a.zone || a.device))
  const first = placed.find((a) => a.firing) ?? placed[0] // what burns before what is over
  if (lines.length === 0)
    return (
      <div className="screen-quiet">
        <p>{t('wall.quiet')}</p>
      </div>
    )
  const all = w.group_count ?? 0
  return (
    <div className="screen-board" data-place={first ? true : undefined}>
      <ol className="screen-lines">
        {lines.map((l) => (
          <ScreenLine key={l.key} g={l} now={now} />
        ))}
        {all > lines.length && (
          <li className="screen-more">{t('wall.someGroups', { n: lines.length, all })}</li>
        )}
      </ol>
      {first && (
        <aside className="screen-place" key={first.id}>
          <ScreenTitle a={first} />
          <WhereIs
            zone={first.zone}
            device={first.device}
            deviceName={first.device_name}
            severity={first.severity}
          />
        </aside>
      )}
    </div>
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
  const rooms = useRooms()(g)
  const where = g.count === 1 ? [a.zone_name, a.device_name] : rooms.slice(0, 3)
  return (
    <li
      className="screen-line"
      data-severity={g.severity}
      data-open={g.unacknowledged > 0 || undefined}
      data-over={g.firing === 0 && !!a.ended ? true : undefined}>
      <SeverityTag s={g.severity} />
      <div>
        <b>
          {f.local(a.title, a.title_zh)}
          {g.count > 1 && ` × ${g.count}`}
        </b>
        <span>
          {where.filter(Boolean).join(' · ')} <Holds a={a} />
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
