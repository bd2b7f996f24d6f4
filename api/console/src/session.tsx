// The signed-in user, the selected school, and the format of times there.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearchParams } from 'react-router'
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { call, signOut } from './api/client'
import { pushOff } from './lib/push'
import type { Language, Me, Permission, School } from './api/types'
import { languages, setLanguage, useT } from './i18n'
import * as format from './lib/format'
import { changed, filtered, useHere } from './ui/address'

interface SessionValue {
  me: Me
  school: School // the selected one
  schools: School[]
  setSchool: (id: string) => void
  can: (p: Permission) => boolean
  speak: (language: string) => void // stores a language as the user's setting
  signOut: () => Promise<void>
}

const Context = createContext<SessionValue | null>(null)

export function SessionProvider({
  me,
  onSignedOut,
  children,
}: {
  me: Me
  onSignedOut: () => void
  children: ReactNode
}) {
  const cache = useQueryClient()
  const [chosen, setChosen] = useChosenSchool(me.school.id)
  const district = me.school.kind === 'district'
  const schools = useQuery({
    queryKey: ['schools'],
    queryFn: () => call('/v1/schools?limit=1000'),
    enabled: district,
    staleTime: 60_000,
  })
  useEffect(() => {
    if (me.user.language && languages.some((l) => l.value === me.user.language)) setLanguage(me.user.language)
  }, [me.user.language])
  const value = useMemo<SessionValue>(() => {
    const all = schools.data?.items ?? [me.school]
    return {
      me,
      schools: all,
      school: all.find((s) => s.id === chosen) ?? me.school,
      setSchool: (id) => {
        setChosen(id)
        void cache.invalidateQueries({ predicate: (q) => !String(q.queryKey[0]).startsWith('person') })
      },
      can: (p) => me.permissions.includes(p),
      speak: (language) => {
        cache.setQueryData<Me>(['me'], (m) => m && { ...m, user: { ...m.user, language } })
        void call('/v1/me', { method: 'PUT', body: { language: language as Language } }).catch(() => {})
      },
      signOut: async () => {
        await pushOff().catch(() => {})
        await signOut().catch(() => {})
        onSignedOut()
      },
    }
  }, [me, schools.data, chosen, setChosen, cache, onSignedOut])
  return <Context.Provider value={value}>{children}</Context.Provider>
}

/**
 * The school that a district's user has selected. It is in the address of every page, so that a
 * link shows the same school to everybody.
 */
function useChosenSchool(own: string): [string, (id: string) => void] {
  const [params, set] = useSearchParams()
  const here = useHere()
  const there = params.get('school') ?? ''
  const [chosen, setChosen] = useState(there)
  const put = (id: string) =>
    set(filtered(here().params, { school: id === own ? null : id }), { state: here().state })
  useEffect(() => {
    if (there && there !== chosen) setChosen(there)
    else if (!there && chosen && chosen !== own)
      set(changed(here().params, { school: chosen }), { replace: true, state: here().state })
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [there, chosen, own])
  return [there || chosen, (id) => (setChosen(id), put(id))]
}

export function useSession(): SessionValue {
  const v = useContext(Context)
  if (!v) throw new Error('nobody is signed in')
  return v
}

/** Formats bound to the language and the school's time zone. */
export function useFormat() {
  const { t, lang } = useT()
  const { school } = useSession()
  return useMemo(() => {
    const s = { lang, zone: school.timezone }
    return {
      clock: (iso?: string, seconds?: boolean) => format.clock(s, iso, seconds),
      moment: (iso?: string, seconds?: boolean) => format.moment(s, iso, seconds),
      short: (iso?: string, seconds?: boolean) => format.short(s, iso, Date.now(), seconds),
      ago: (iso: string | undefined, now: number) => {
        const at = format.timeOf(iso)
        return at === undefined ? t('time.never') : format.age(now - at, (u, n) => t('time.' + u, { n }))
      },
      value: (v: Parameters<typeof format.valueText>[0], p?: { unit?: string }) =>
        format.valueText(v, p, lang, t('common.yes'), t('common.no')),
      bytes: (n: number) => format.bytes(n, lang),
      number: (n: number, digits = 0) =>
        new Intl.NumberFormat(lang, { maximumFractionDigits: digits }).format(n),
      month: (name: string) => format.month(lang, name),
      local: (en?: string, zh?: string) => format.local(lang, en, zh),
    }
  }, [t, lang, school.timezone])
}

/** The current time, updated every `ms`, for ages on the screen. */
export function useNow(ms = 1000): number {
  const [now, set] = useState(() => Date.now())
  useEffect(() => {
    const t = setInterval(() => set(Date.now()), ms)
    return () => clearInterval(t)
  }, [ms])
  return now
}

/** The school parameter for the API; undefined for the user's own with its subtree. */
export function useSchoolParam(): string | undefined {
  const { me, school } = useSession()
  return school.id === me.school.id ? undefined : school.id
}

/** A value stored in this browser. */
export function useStored(key: string, first: string): [string, (v: string) => void] {
  const [v, set] = useState(() => localStorage.getItem(key) ?? first)
  const put = useCallback(
    (x: string) => {
      localStorage.setItem(key, x)
      set(x)
    },
    [key],
  )
  return [v, put]
}
