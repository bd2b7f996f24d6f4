// The browser's back and forward leave a page's dialog: where something would be lost, they are
// stopped, and the reader is asked.

import { useContext, useLayoutEffect, useRef } from 'react'
import { UNSAFE_LocationContext } from 'react-router'

// Who holds the page, the innermost last. Each says whether it has taken the step back.
const holders: (() => boolean)[] = []

/**
 * Hears of steps through the browser's history before the router does. Call it once, before the
 * router is drawn: a browser tells a window's listeners in the order in which they came.
 */
export function watchHistory() {
  window.addEventListener('popstate', (e) => {
    if (holders.at(-1)?.()) e.stopImmediatePropagation()
  })
}

/** While held, a step through the browser's history is taken back, and ask is called instead. */
export function useBackAsks(held: boolean, ask: () => void) {
  const location = (useContext(UNSAFE_LocationContext) as { location?: { key: string } } | null)?.location
  const asking = useRef(ask)
  asking.current = ask
  const here = useRef<{ href: string; state: unknown }>(undefined)
  useLayoutEffect(() => {
    here.current = { href: window.location.href, state: window.history.state as unknown } // as the router last drew it
  }, [location?.key])
  useLayoutEffect(() => {
    if (!held) return
    const stay = () => {
      if (!here.current || window.location.href === here.current.href) return false
      window.history.pushState(here.current.state, '', here.current.href)
      asking.current()
      return true
    }
    holders.push(stay)
    return () => {
      holders.splice(holders.indexOf(stay), 1)
    }
  }, [held])
}
