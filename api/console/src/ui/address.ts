// What a page shows is written in its address: filters, the place in a list, the tab, the open
// dialog. So a reload, the browser's back and forward, and a link that is passed on show the same.

import { useContext } from 'react'
import { UNSAFE_NavigationContext, useSearchParams, type Location } from 'react-router'

export type Changes = Record<string, string | null | undefined>

/** Where in the lists of a page the reader is; another filter begins at the first page. */
export const places = ['at', 'page']

const isPlace = (k: string) => places.some((p) => k === p || k.endsWith('.' + p))

/** The address's parameters with some changed: what is empty is left out. */
export function changed(now: URLSearchParams, changes: Changes): URLSearchParams {
  const p = new URLSearchParams(now)
  for (const [k, v] of Object.entries(changes)) {
    if (v) p.set(k, v)
    else p.delete(k)
  }
  return p
}

/** The same after a filter: whoever filters sees the first page. */
export function filtered(now: URLSearchParams, changes: Changes): URLSearchParams {
  const p = changed(now, changes)
  for (const k of [...p.keys()].filter(isPlace)) p.delete(k)
  return p
}

/**
 * The address as it is this instant. What a page was last drawn with may be a moment older:
 * whoever types and then clicks at once would lose what was typed.
 */
export function useHere(): () => { params: URLSearchParams; state: unknown } {
  const history = useContext(UNSAFE_NavigationContext).navigator as unknown as { location: Location }
  return () => ({ params: new URLSearchParams(history.location.search), state: history.location.state })
}

/** Reads and changes what the address says. A choice is a step that "back" undoes; typing is none. */
export function useAddress() {
  const [params, set] = useSearchParams()
  const here = useHere()
  return {
    get: (k: string) => params.get(k) ?? '',
    /** Chooses a filter or a tab. */
    put: (k: string, v: string | null, o: { typed?: boolean } = {}) =>
      set(filtered(here().params, { [k]: v }), { replace: o.typed, state: here().state }),
    /** Changes several parameters and nothing else, as a dialog does. */
    change: (c: Changes, o: { replace?: boolean } = {}) =>
      set(changed(here().params, c), { replace: o.replace, state: here().state }),
  }
}

/** The subject of a dialog, by its id, in the address: opening is a step, closing takes it away. */
export function useOpen(key: string): [string, (id: string) => void, () => void] {
  const { get, change } = useAddress()
  return [get(key), (id) => change({ [key]: id }), () => change({ [key]: null }, { replace: true })]
}
