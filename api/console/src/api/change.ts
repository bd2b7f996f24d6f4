// Changing a thing that somebody else may have changed meanwhile: only what differs from what
// the form began with is sent, on the condition that nobody else changed the same.

import { APIError, call, tagged } from './client'

export type Fields = Record<string, unknown>

const same = (a: unknown, b: unknown) =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null) || (a ?? '') === (b ?? '')
const word = (v: unknown) =>
  v === undefined || v === null || v === '' ? '–' : typeof v === 'string' ? v : JSON.stringify(v)

/** What differs between two states, as a merge patch. */
export function difference(base: Fields, next: Fields): Fields {
  return Object.fromEntries(
    Object.entries(next)
      .filter(([k, v]) => !same(base[k], v))
      .map(([k, v]) => [k, v ?? null]),
  )
}

// What changes by itself, and what says nothing to a person.
const quiet = new Set([
  'version',
  'seq',
  'twin',
  'last_used',
  'last_seen',
  'firing',
  'values',
  'count',
  'hash',
  'effective',
  'maker_state',
])

/** How a field and its value are called; as they are where nobody says. */
export interface Words {
  label: (key: string) => string
  value: (v: unknown) => string
}

const plain: Words = { label: (k) => k, value: word }

/** What is now other than it was, in words. */
export function differences(was: Fields, now: Fields, words = plain): string[] {
  return Object.keys({ ...was, ...now })
    .filter((k) => !quiet.has(k) && !same(was[k], now[k]))
    .map((k) => `${words.label(k)}: ${words.value(was[k])} → ${words.value(now[k])}`)
}

/** One field that somebody else has changed meanwhile: what it was, what it is now, and what the form wants. */
export interface Clash {
  field: string
  was: unknown
  now: unknown
  mine: unknown
}

/** Which of the fields of a patch are now neither as the form found them nor as it wants them. */
export function clashing(base: Fields, now: Fields, patch: Fields): Clash[] {
  return Object.keys(patch)
    .filter((k) => !same(base[k], now[k]) && !same(now[k], patch[k]))
    .map((k) => ({ field: k, was: base[k], now: now[k], mine: patch[k] }))
}

/** The same in words. */
export function clashes(base: Fields, now: Fields, patch: Fields): string[] {
  return clashing(base, now, patch).map((c) => `${c.field}: ${word(c.was)} → ${word(c.now)}`)
}

/** A colleague has changed the same: the form shows it, and its reader chooses. */
export class Clashes extends APIError {
  constructor(readonly clashes: Clash[]) {
    super(412, 'changed', clashes.map((c) => `${c.field}: ${word(c.was)} → ${word(c.now)}`).join(' · '))
    this.name = 'Clashes'
  }
}

/** How a thing is read and changed, where it is not by its path and with PATCH. */
export interface How {
  read?: string // where it is read; the path itself where it is empty
  etag?: string // of the state that the form began with: what is audited is not read once more without need
  method?: 'PATCH' | 'PUT'
  body?: (patch: Fields, now: Fields) => unknown // what is sent; the patch where it is absent
}

/**
 * Changes what a form changed, and answers what the gateway did. base is what the form began
 * with; where somebody else has changed one of the same fields, it says which and what to, and
 * base becomes what is there now, so that saving once more means it.
 */
export async function change<R = unknown>(
  path: string,
  base: Fields,
  next: Fields,
  how: How = {},
): Promise<R | undefined> {
  const patch = difference(base, next)
  if (Object.keys(patch).length === 0) return undefined
  const send = (etag: string, now: Fields) =>
    call<R>(path, {
      method: how.method ?? 'PATCH',
      body: how.body ? how.body(patch, now) : patch,
      match: etag,
    })
  let known = how.etag
  for (let tries = 0; ; tries++) {
    try {
      if (known) return await send(known, base)
      const { etag, body } = await tagged<Fields>(how.read ?? path)
      const others = clashing(base, body, patch)
      if (others.length > 0) {
        for (const k of Object.keys(patch)) base[k] = body[k]
        throw new Clashes(others)
      }
      return await send(etag, body)
    } catch (e) {
      if (e instanceof Clashes || !(e instanceof APIError && e.code === 'changed' && tries < 3)) throw e
      known = undefined
    }
  }
}

/**
 * Deletes what a reader was shown; where it is another now, it says what, and shown becomes what
 * is there, so that doing it once more means it.
 */
export async function remove(path: string, shown: object): Promise<void> {
  const was = shown as Fields
  const { etag, body } = await tagged<Fields>(path)
  const others = Object.keys(was)
    .filter((k) => k in body && !quiet.has(k) && !same(was[k], body[k]))
    .map((k) => ({ field: k, was: was[k], now: body[k], mine: undefined }))
  if (others.length > 0) {
    for (const c of others) was[c.field] = c.now
    throw new Clashes(others)
  }
  await call(path, { method: 'DELETE', match: etag })
}
