// Changing a thing that somebody else may have changed meanwhile: only what differs from what
// the form began with is sent, on the condition that nobody else changed the same.

import { APIError, call, tagged } from './client'

export type Fields = Record<string, unknown>

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null) || (a ?? '') === (b ?? '')
const word = (v: unknown) => (v === undefined || v === null || v === '' ? '–' : typeof v === 'string' ? v : JSON.stringify(v))

/** What differs between two states, as a merge patch. */
export function difference(base: Fields, next: Fields): Fields {
  return Object.fromEntries(Object.entries(next).filter(([k, v]) => !same(base[k], v)).map(([k, v]) => [k, v ?? null]))
}

// What changes by itself, and what says nothing to a person.
const quiet = new Set(['version', 'seq', 'twin', 'last_used', 'last_seen', 'firing', 'values', 'count', 'hash', 'effective', 'maker_state'])

/** What is now other than it was, in words. */
export function differences(was: Fields, now: Fields): string[] {
  return Object.keys({ ...was, ...now })
    .filter((k) => !quiet.has(k) && !same(was[k], now[k]))
    .map((k) => `${k}: ${word(was[k])} → ${word(now[k])}`)
}

/** Which of the fields of a patch are now neither as the form found them nor as it wants them, in words. */
export function clashes(base: Fields, now: Fields, patch: Fields): string[] {
  return Object.keys(patch)
    .filter((k) => !same(base[k], now[k]) && !same(now[k], patch[k]))
    .map((k) => `${k}: ${word(base[k])} → ${word(now[k])}`)
}

/**
 * Changes what a form changed. base is what it began with; where somebody else has changed one
 * of the same fields, it says which and what to, and base becomes what is there now, so that
 * saving once more means it.
 */
export async function change(path: string, base: Fields, next: Fields): Promise<void> {
  const patch = difference(base, next)
  if (Object.keys(patch).length === 0) return
  for (let tries = 0; ; tries++) {
    const { etag, body } = await tagged<Fields>(path)
    const others = clashes(base, body, patch)
    if (others.length > 0) {
      for (const k of Object.keys(patch)) base[k] = body[k]
      throw new APIError(412, 'changed', others.join(' · '))
    }
    try {
      await call(path, { method: 'PATCH', body: patch, match: etag })
      return
    } catch (e) {
      if (!(e instanceof APIError && e.code === 'changed' && tries < 3)) throw e
    }
  }
}
