// The browser's back and forward buttons would leave a dialog with unsaved input: they are
// intercepted, and the user is asked.

import { useContext, useLayoutEffect, useRef } from 'react'
import { UNSAFE_LocationContext } from 'react-router'

// The active guards, innermost last. Each returns whether it has intercepted the step.
const holders: (() => boolean)[] = []

/**
 * Intercepts steps through the browser's history before the router. Call it once before the router
 * is rendered: listeners run in order of registration.
 */
export function watchHistory() {
  window.addEventListener('popstate', (e) => {
    if (holders.at(-1)?.()) e.stopImmediatePropagation()
  })
}

/** While held, a step through the browser's history is undone, and ask is called instead. */
export function useBackAsks(held: boolean, ask: () => void) {
  const location = (useContext(UNSAFE_LocationContext) as { location?: { key: string } } | null)?.location
  const asking = useRef(ask)
  asking.current = ask
  const here = useRef<{ href: string; state: unknown }>(undefined)
  useLayoutEffect(() => {
    here.current = { href: window.location.href, state: window.history.state as unknown } // as of the last render
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
