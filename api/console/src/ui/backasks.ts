// The browser's back and forward leave a page's dialog: where something would be lost, they are
// stopped, and the reader is asked.

import { useContext, useEffect, useRef } from 'react'
import { UNSAFE_LocationContext } from 'react-router'

/** While held, a step through the browser's history is taken back, and ask is called instead. */
export function useBackAsks(held: boolean, ask: () => void) {
  const location = (useContext(UNSAFE_LocationContext) as { location?: { key: string } } | null)?.location
  const asking = useRef(ask)
  asking.current = ask
  const here = useRef<{ href: string; state: unknown }>(undefined)
  useEffect(() => {
    here.current = { href: window.location.href, state: window.history.state as unknown } // as the router last drew it
  }, [location?.key])
  useEffect(() => {
    if (!held) return
    const stop = (e: PopStateEvent) => {
      if (!here.current || window.location.href === here.current.href) return
      e.stopImmediatePropagation() // the router hears nothing: it listens in the other phase
      window.history.pushState(here.current.state, '', here.current.href)
      asking.current()
    }
    window.addEventListener('popstate', stop, { capture: true })
    return () => window.removeEventListener('popstate', stop, { capture: true })
  }, [held])
}
