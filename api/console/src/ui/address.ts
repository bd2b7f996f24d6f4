// The state of a page is in its address: filters, position in a list, tab, open dialog. So reload,
// back and forward, and shared links show the same.

import { useContext } from 'react'
import { UNSAFE_NavigationContext, useSearchParams, type Location } from 'react-router'

export type Changes = Record<string, string | null | undefined>

/** Positions in the lists of a page; another filter resets them. */
export const places = ['at', 'page']

const isPlace = (k: string) => places.some((p) => k === p || k.endsWith('.' + p))

/** The address's parameters with changes; empty ones are removed. */
export function changed(now: URLSearchParams, changes: Changes): URLSearchParams {
  const p = new URLSearchParams(now)
  for (const [k, v] of Object.entries(changes)) {
    if (v) p.set(k, v)
    else p.delete(k)
  }
  return p
}

/** The same for a filter, which starts at the first page. */
export function filtered(now: URLSearchParams, changes: Changes): URLSearchParams {
  const p = changed(now, changes)
  for (const k of [...p.keys()].filter(isPlace)) p.delete(k)
  return p
}

/**
 * The current address. The one of the last render may be older: a click right after typing would
 * lose the input.
 */
export function useHere(): () => { params: URLSearchParams; state: unknown } {
  const history = useContext(UNSAFE_NavigationContext).navigator as unknown as { location: Location }
  return () => ({ params: new URLSearchParams(history.location.search), state: history.location.state })
}

/** Reads and changes the address. A choice adds a history entry; typing does not. */
export function useAddress() {
  const [params, set] = useSearchParams()
  const here = useHere()
  return {
    get: (k: string) => params.get(k) ?? '',
    /** Sets a filter or a tab. */
    put: (k: string, v: string | null, o: { typed?: boolean } = {}) =>
      set(filtered(here().params, { [k]: v }), { replace: o.typed, state: here().state }),
    /** Changes several parameters without other effects, as a dialog does. */
    change: (c: Changes, o: { replace?: boolean } = {}) =>
      set(changed(here().params, c), { replace: o.replace, state: here().state }),
  }
}

/**
 * The ID of a dialog's subject, in the address: opening adds a history entry, closing removes the
 * ID.
 */
export function useOpen(key: string): [string, (id: string) => void, () => void] {
  const { get, change } = useAddress()
  return [get(key), (id) => change({ [key]: id }), () => change({ [key]: null }, { replace: true })]
}
