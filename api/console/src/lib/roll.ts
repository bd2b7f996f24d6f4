// Ticks of a roll that have not reached the gateway. They are kept in this browser, so that a lost
// network or a closed page loses none: who and what, no name.

import type { AttendanceState } from '../api/types'

export interface Tick {
  person: string
  state: AttendanceState
  at: string
}

/** The most that one call of the roll takes. */
export const rollMost = 200

/** Adds a tick in the place of the person's earlier one. */
export function ticked(waiting: Tick[], t: Tick): Tick[] {
  return [...waiting.filter((x) => x.person !== t.person), t]
}

/** What still waits once some have arrived; a person who was ticked anew meanwhile waits on. */
export function arrived(waiting: Tick[], sent: Tick[]): Tick[] {
  return waiting.filter((x) => !sent.some((s) => s.person === x.person && s.at === x.at))
}

const key = (user: string, session: string) => `roll ${user} ${session}`

/** What a user's browser keeps of a session. */
export function kept(user: string, session: string): Tick[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(key(user, session)) ?? '[]')
    return Array.isArray(all) ? (all as Tick[]).filter((x) => x?.person && x.state && x.at) : []
  } catch {
    return []
  }
}

/** Keeps it; false where the browser keeps nothing, so that the page must stay open. */
export function keep(user: string, session: string, waiting: Tick[]): boolean {
  try {
    if (waiting.length === 0) localStorage.removeItem(key(user, session))
    else localStorage.setItem(key(user, session), JSON.stringify(waiting))
    return true
  } catch {
    return false
  }
}
