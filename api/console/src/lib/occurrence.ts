// Occurrences of devices, in the reader's language.

import type { Occurrence, Profile, Property, Value } from '../api/types'

type Affordance = NonNullable<Profile['events']>[string]
type Say = (key: string, params?: Record<string, string>) => string
type Local = (en?: string, zh?: string) => string
type Show = (v: Value | undefined, p?: Property) => string

/** Returns an occurrence's title and its data, ordered by name. Titles are those of the profile's
 * event; without one, common kinds have a translation and other kinds are shown unchanged. */
export function said(o: Occurrence, event: Affordance | undefined, t: Say, local: Local, show: Show) {
  const title =
    local(event?.title, event?.title_zh) || t('occurrenceKind.' + o.kind, { defaultValue: o.kind })
  const data = Object.entries(o.data ?? {})
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([name, v]) => {
      if (name === 'what' && typeof v === 'string') return t('occurrenceWhat.' + v, { defaultValue: v })
      const p = event?.data?.[name]
      return `${local(p?.title, p?.title_zh) || name} ${show(v, p)}`
    })
  return { title, data: data.join(' · ') }
}

/** Sorts 'what' first. */
function rank(name: string) {
  return name === 'what' ? 0 : 1
}
