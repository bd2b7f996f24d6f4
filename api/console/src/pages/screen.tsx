// The guard room's screen: no input, large, dark, and loud when it no longer knows what happens.

import { Text } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import type { Alert, Wall } from '../api/types'
import { useT } from '../i18n'
import { linesOf, type Line } from '../lib/walllines'
import { lostPattern, Siren } from '../lib/sound'
import { tallied, useLive, useWall } from '../live'
import { useFormat, useNow, useSession } from '../session'
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
  const wall = useWall({ limit: rows })
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
  const lines = linesOf(w.items, new Set())
  const first = w.items.find((a) => a.state === 'open' && (a.zone || a.device))
  if (lines.length === 0)
    return (
      <div className="screen-quiet">
        <p>{t('wall.quiet')}</p>
      </div>
    )
  const all = tallied(w.open) + tallied(w.acknowledged)
  return (
    <div className="screen-board" data-place={first ? true : undefined}>
      <ol className="screen-lines">
        {lines.map((l) => (
          <ScreenLine key={l.key} l={l} now={now} />
        ))}
        {all > w.items.length && (
          <li className="screen-more">{t('wall.some', { n: w.items.length, all })}</li>
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

function ScreenLine({ l, now }: { l: Line; now: number }) {
  const { t } = useT()
  const f = useFormat()
  const a = l.kind === 'alert' ? l.a : l.items[0]
  const open = l.kind === 'alert' ? a.state === 'open' : l.items.some((x) => x.state === 'open')
  const rooms = l.kind === 'alert' ? [a.zone_name] : [...new Set(l.items.map((x) => x.zone_name))].slice(0, 3)
  return (
    <li className="screen-line" data-severity={a.severity} data-open={open || undefined}>
      <SeverityTag s={a.severity} />
      <div>
        <b>
          {f.local(a.title, a.title_zh)}
          {l.kind === 'group' && ` × ${l.items.length}`}
        </b>
        <span>
          {[...rooms, l.kind === 'alert' ? a.device_name : ''].filter(Boolean).join(' · ')}
          {a.handler_name && a.state === 'acknowledged' && (
            <>
              {' '}
              · <Tag tone="blue">{t('wall.handledBy', { name: a.handler_name })}</Tag>
            </>
          )}
        </span>
      </div>
      <time dateTime={a.opened}>{f.ago(a.opened, now)}</time>
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
