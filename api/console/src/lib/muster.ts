// Ticks of a muster that have not reached the gateway. They are kept in this browser, so that a lost
// network or a closed page loses none: who and what, no name. Unlike those of a roll, all are sent: what
// was ticked by mistake is taken back by another tick.

import type { MusterState, MusterTick } from '../api/types'

/** The most that one call takes. */
export const ticksMost = 200

/** The most that wait on one device; further ones are refused, and that is said. */
export const waitingMost = 5000

/** A tick of now, with an id of its own: sent twice it counts once. */
export function tickOf(person: string, word: MusterTick['word']): MusterTick {
  const random = crypto.getRandomValues(new Uint8Array(10))
  return {
    id: 'tick_' + Array.from(random, (b) => b.toString(16).padStart(2, '0')).join(''),
    person,
    word,
    at: new Date().toISOString(),
  }
}

/** What still waits once some have arrived. */
export const left = (waiting: MusterTick[], sent: MusterTick[]): MusterTick[] =>
  waiting.filter((x) => !sent.some((s) => s.id === x.id))

const rank = { missing: 1, away: 2, safe: 3 }

/** How a person stands with what waits here: as the gateway reckons it, safe outranks the rest. */
export function standing(person: string, state: MusterState, waiting: MusterTick[]): MusterState {
  let now = state
  const holds: (keyof typeof rank)[] = []
  for (const x of waiting.filter((x) => x.person === person))
    if (x.word !== 'mistaken') holds.push(x.word)
    else if (!holds.pop() && now in rank) now = 'waiting' // what there was before only the gateway knows
  for (const word of holds) {
    if (rank[word] > (now in rank ? rank[now as keyof typeof rank] : 0)) now = word
  }
  return now
}

const key = (user: string, muster: string) => `muster ${user} ${muster}`

/** What a user's browser keeps of a muster. */
export function kept(user: string, muster: string): MusterTick[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(key(user, muster)) ?? '[]')
    return Array.isArray(all) ? (all as MusterTick[]).filter((x) => x?.id && x.person && x.word) : []
  } catch {
    return []
  }
}

/** Keeps it; false where the browser keeps nothing, so that the page must stay open. */
export function keep(user: string, muster: string, waiting: MusterTick[]): boolean {
  try {
    if (waiting.length === 0) localStorage.removeItem(key(user, muster))
    else localStorage.setItem(key(user, muster), JSON.stringify(waiting))
    return true
  } catch {
    return false
  }
}
