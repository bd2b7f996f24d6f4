// The live stream of the console: one connection whose events refresh what is shown, and the sound
// of unacknowledged alerts.

import { keepPreviousData, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { call, query } from './api/client'
import { openStream, type StreamState } from './api/stream'
import type { EventKind, GatewayEvent, Permission, Tally } from './api/types'
import { muteEnd, muteKey } from './lib/mute'
import { loudest, pattern, Siren } from './lib/sound'
import { useNow, useSchoolParam, useSession, useStored } from './session'

// The event kinds to subscribe to: the queries that each invalidates, and the permission to see it.
// Queries about one person (person, person-attendance, …) are not refetched automatically, since
// each view of a child is audited. Readings are too frequent: pages poll those they show.
const heeded = {
  alert: { touches: ['alerts', 'alert'], needs: 'alerts:read' },
  incident: { touches: ['incidents', 'incident', 'alerts'], needs: 'alerts:read' },
  attendance: { touches: ['attendance'], needs: 'attendance:read' },
  sighting: { touches: ['sightings'], needs: 'sightings:read' },
  status: { touches: ['devices', 'device', 'drivers', 'plan'], needs: 'devices:read' },
  occurrence: { touches: ['occurrences'], needs: 'devices:read' },
  rejected: { touches: ['rejections'], needs: 'devices:read' },
  lockdown: { touches: ['lockdown', 'lockdowns', 'alerts', 'commands'], needs: '' },
  rule: { touches: ['rules', 'rule', 'rule-versions'], needs: 'alerts:read' },
  suppression: { touches: ['suppressions', 'alerts', 'alert'], needs: 'alerts:read' },
  command: { touches: ['commands', 'device', 'alerts', 'alert'], needs: 'devices:read' },
} satisfies Record<Exclude<EventKind, 'reading' | 'decision'>, { touches: string[]; needs: Permission | '' }>

const stales = (kind: string): string[] => (kind in heeded ? heeded[kind as keyof typeof heeded].touches : [])

interface LiveValue {
  state: StreamState
  heard: () => number // ms; when the stream was last heard or opened
  fresh: Set<string> // alerts that arrived in the last seconds
  mutedUntil: number // ms; 0: the sound is on
  setMuted: (until: number) => void
  blocked: boolean // the browser does not play sound yet
  unblock: () => void
}

const Context = createContext<LiveValue | null>(null)

export function useLive(): LiveValue {
  const v = useContext(Context)
  if (!v) throw new Error('no live stream')
  return v
}

/** How many alerts the wall loads at first, and at most. */
export const wallRows = 200
export const wallMost = 1000

interface WallFilter {
  building?: string
  zone?: string
  state?: string
  severity?: string
  group?: Grouping
  limit?: number
}

/** What the gateway gathers alerts by. */
export type Grouping = 'cause' | 'room' | 'rule'

/** What is not over, most urgent first, with the number of all; the shell asks without a filter. */
export function useWall({ limit = wallRows, ...where }: WallFilter = {}) {
  const school = useSchoolParam()
  const { can } = useSession()
  return useQuery({
    queryKey: ['alerts', 'wall', school, { ...where, limit }],
    queryFn: ({ signal }) => call('/v1/wall', { query: { ...where, limit, school }, signal }),
    enabled: can('alerts:read'),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000, // in case the stream is lost
  })
}

/** The most urgent unanswered ones, with the number of all: for the sound, the badge and the title. */
export const useOpen = () => useWall({ state: 'open', limit: openRows })

const openRows = 60

export const tallied = (t: Tally | undefined) => (t ? t.critical + t.major + t.warning + t.info : 0)

export function LiveProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient()
  const school = useSchoolParam()
  const { can, me } = useSession()
  const kinds = Object.entries(heeded)
    .filter(([, kind]) => kind.needs === '' || can(kind.needs))
    .map(([name]) => name)
    .join(',')
  const [state, setState] = useState<StreamState>('connecting')
  const heard = useRef(Date.now())
  const [fresh, setFresh] = useState<Set<string>>(new Set())
  const siren = useRef(new Siren())
  const [mute, setMute] = useStored(muteKey(me.user.id), '')
  const now = useNow(5000)
  const mutedUntil = muteEnd(mute, now)
  const [blocked, setBlocked] = useState(() => siren.current.blocked)

  useEffect(() => {
    // Events come in bursts: refetch at once, then at most every 500 ms, and at most half of the time.
    const stale = new Set<string>()
    const timers = new Set<ReturnType<typeof setTimeout>>()
    const news = new Set<string>()
    // One render for all that came within a quarter of a second, and one when they are no longer new.
    const tellNews = () => {
      if (news.size > 1) return
      const told = setTimeout(() => {
        timers.delete(told)
        const ids = [...news]
        news.clear()
        setFresh((f) => new Set([...f, ...ids]))
        const over = setTimeout(() => {
          timers.delete(over)
          const old = new Set(ids)
          setFresh((f) => new Set([...f].filter((x) => !old.has(x))))
        }, 8000)
        timers.add(over)
      }, 250)
      timers.add(told)
    }
    let flushing: ReturnType<typeof setTimeout> | true | undefined
    let closed = false
    const flush = async () => {
      if (stale.size === 0) return void (flushing = undefined)
      const begun = Date.now()
      flushing = true
      const all = [...stale].map((k) => cache.invalidateQueries({ queryKey: [k] }, { cancelRefetch: false }))
      stale.clear()
      await Promise.allSettled(all)
      if (!closed) flushing = setTimeout(() => void flush(), Math.max(500, Date.now() - begun))
    }
    const close = openStream({
      url: '/v1/stream' + query({ kinds, school }),
      onState: setState,
      onHeard: () => {
        heard.current = Date.now()
      },
      onOpen: () => {
        heard.current = Date.now()
        void renewAll(cache)
      },
      onRefused: (status) => {
        if (status === 401) void cache.invalidateQueries({ queryKey: ['me'] })
      },
      onEvent: (e) => {
        // The journal does not have the events after the last one seen: refetch everything.
        if (e.event === 'gap' || e.event === 'reset') void renewAll(cache)
        for (const k of stales(e.event)) stale.add(k)
        if (e.event === 'alert') {
          const id = newlyOpened(e.data)
          if (id) {
            news.add(id)
            tellNews()
          }
        }
        if (!flushing) void flush()
      },
    })
    return () => {
      close()
      closed = true
      if (flushing !== true) clearTimeout(flushing)
      timers.forEach(clearTimeout)
    }
  }, [cache, school, kinds, me.csrf]) // reconnect for another sign-in

  // Poll while the stream is down.
  useEffect(() => {
    if (state !== 'lost' && state !== 'quiet') return
    const t = setInterval(() => {
      for (const k of ['alerts', 'incidents', 'attendance']) void cache.invalidateQueries({ queryKey: [k] })
    }, 5000)
    return () => clearInterval(t)
  }, [cache, state])

  // Any click or key lets the browser play sound. Not pointerdown: the bar that asks for it would
  // disappear, the page below would move up, and the pressed button would no longer be under the
  // pointer.
  useEffect(() => {
    const s = siren.current
    const wake = () => void s.unblock().then((ok) => setBlocked(!ok))
    window.addEventListener('click', wake)
    window.addEventListener('keydown', wake)
    return () => {
      window.removeEventListener('click', wake)
      window.removeEventListener('keydown', wake)
      s.stop()
    }
  }, [])

  const alerts = useOpen()
  const loud = alerts.data ? loudest(alerts.data.items) : undefined
  const loudID = loud?.id
  const severity = loud?.severity
  useEffect(() => {
    const s = siren.current
    if (loudID && severity && !mutedUntil && !blocked) s.start(pattern(severity))
    else s.stop()
    return () => s.stop()
  }, [loudID, severity, mutedUntil, blocked])

  const value = useMemo<LiveValue>(
    () => ({
      state,
      heard: () => heard.current,
      fresh,
      mutedUntil,
      setMuted: (until) => setMute(until ? String(until) : ''),
      blocked,
      unblock: () => void siren.current.unblock().then((ok) => setBlocked(!ok)),
    }),
    [state, fresh, mutedUntil, setMute, blocked],
  )
  return <Context.Provider value={value}>{children}</Context.Provider>
}

/** Refetches what is shown, except views that are audited. */
export function renewAll(cache: QueryClient) {
  return cache.invalidateQueries({
    predicate: (q) => !String(q.queryKey[0]).startsWith('person') && q.queryKey[0] !== 'setup',
  })
}

function newlyOpened(data: string): string | undefined {
  try {
    const e = JSON.parse(data) as GatewayEvent & { event?: GatewayEvent }
    const a = e.alert ?? e.event?.alert
    return a && a.state === 'open' ? a.id : undefined
  } catch {
    return undefined
  }
}
