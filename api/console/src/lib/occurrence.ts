// What happened at a device, in the reader's words.

import type { Occurrence, Profile, Property, Value } from '../api/types'

type Affordance = NonNullable<Profile['events']>[string]
type Say = (key: string, params?: Record<string, string>) => string
type Local = (en?: string, zh?: string) => string
type Show = (v: Value | undefined, p?: Property) => string

/** The title of what happened, and the data that came with it in the order of its names. The profile
 * says what they are called; where it no longer does, the kinds that mean the same in every profile
 * have words of their own, and others are shown as they are. */
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

/** What it was comes first. */
function rank(name: string) {
  return name === 'what' ? 0 : 1
}
