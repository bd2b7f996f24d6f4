// Optimistic concurrency: a form sends only the fields that it changed, on the condition that
// nobody else has changed the same ones.

import { APIError, ask, tagged } from './client'

export type Fields = Record<string, unknown>

const same = (a: unknown, b: unknown) =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null) || (a ?? '') === (b ?? '')
const word = (v: unknown) =>
  v === undefined || v === null || v === '' ? '–' : typeof v === 'string' ? v : JSON.stringify(v)

/** The fields in which next differs from base, as a merge patch. */
export function difference(base: Fields, next: Fields): Fields {
  return Object.fromEntries(
    Object.entries(next)
      .filter(([k, v]) => !same(base[k], v))
      .map(([k, v]) => [k, v ?? null]),
  )
}

// Fields that change by themselves, or mean nothing to a person.
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
  'lacks',
  'gone',
])

/** How a field and its value are shown; unknown ones as they are. */
export interface Words {
  label: (key: string) => string
  value: (v: unknown) => string
}

const plain: Words = { label: (k) => k, value: word }

/** The fields in which now differs from was, in words. */
export function differences(was: Fields, now: Fields, words = plain): string[] {
  return Object.keys({ ...was, ...now })
    .filter((k) => !quiet.has(k) && !same(was[k], now[k]))
    .map((k) => `${words.label(k)}: ${words.value(was[k])} → ${words.value(now[k])}`)
}

/** A field that somebody else has changed: what it was, what it is now, and what the form wants. */
export interface Clash {
  field: string
  was: unknown
  now: unknown
  mine: unknown
}

/** The fields of a patch that somebody else has changed to another value. */
export function clashing(base: Fields, now: Fields, patch: Fields): Clash[] {
  return Object.keys(patch)
    .filter((k) => !same(base[k], now[k]) && !same(now[k], patch[k]))
    .map((k) => ({ field: k, was: base[k], now: now[k], mine: patch[k] }))
}

/** The same in words. */
export function clashes(base: Fields, now: Fields, patch: Fields): string[] {
  return clashing(base, now, patch).map((c) => `${c.field}: ${word(c.was)} → ${word(c.now)}`)
}

/** Somebody else has changed the same fields: the form shows them and lets the user choose. */
export class Clashes extends APIError {
  constructor(readonly clashes: Clash[]) {
    super(412, 'changed', clashes.map((c) => `${c.field}: ${word(c.was)} → ${word(c.now)}`).join(' · '))
    this.name = 'Clashes'
  }
}

/** How an object is read and changed, if not by its path and PATCH. */
export interface How {
  read?: string // path to read; default: the path itself
  etag?: string // of the form's initial state: saves a read, which may be audited
  method?: 'PATCH' | 'PUT'
  body?: (patch: Fields, now: Fields) => unknown // the request body; default: the patch
}

/**
 * Saves the changes of a form and returns the gateway's answer. base is the form's initial state.
 * If somebody else has changed one of the same fields, it throws Clashes and updates base, so that
 * saving again overwrites them.
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
    ask<R>(path, {
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
 * Deletes an object that the user was shown. If it has changed since, it throws Clashes and updates
 * shown, so that deleting again succeeds.
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
  await ask(path, { method: 'DELETE', match: etag })
}
