// Keeps sorted cards in place while the user points at one: removed cards stay until then, and new
// ones are appended.

import { useEffect, useRef, useState, type PointerEvent } from 'react'

const aims = 3000 // ms after the last movement over a card in which the order is held
const longest = 15_000 // ms after which the order is updated in any case

/** The rows of now in the order of held; removed rows keep their last state, new ones come last. */
export function keepOrder<R>(held: R[], now: R[], id: (r: R) => string): R[] {
  const left = new Map(now.map((r) => [id(r), r]))
  const kept = held.map((r) => {
    const current = left.get(id(r)) ?? r
    left.delete(id(r))
    return current
  })
  return [...kept, ...left.values()]
}

/** Rows in an order that is held while the user points at an element matching `card`. */
export function useStillOrder<R>(now: R[], id: (r: R) => string, card: string) {
  const [held, setHeld] = useState<R[]>()
  const shown = useRef(now)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const begun = useRef(0) // when the hold began; 0: none
  const pressed = useRef(false)
  const rows = held ? keepOrder(held, now, id) : now
  useEffect(() => {
    shown.current = rows
  })
  const release = () => {
    clearTimeout(timer.current)
    begun.current = 0
    pressed.current = false
    setHeld(undefined)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  const aim = (ms: number) => {
    if (!begun.current) {
      begun.current = Date.now()
      setHeld(shown.current)
    }
    clearTimeout(timer.current)
    timer.current = setTimeout(release, Math.max(0, Math.min(ms, begun.current + longest - Date.now())))
  }
  const over = (e: PointerEvent) => !!(e.target as Element).closest(card)
  return {
    rows,
    gone: (r: R) => !now.some((x) => id(x) === id(r)), // it is over, and shown until the hold ends
    pointer: {
      onPointerMove: (e: PointerEvent) => over(e) && !pressed.current && aim(aims),
      onPointerDown: (e: PointerEvent) => {
        if (!over(e)) return
        pressed.current = true
        aim(longest)
        const up = () => {
          window.removeEventListener('pointerup', up)
          window.removeEventListener('pointercancel', up)
          if (!pressed.current) return
          pressed.current = false
          aim(aims)
        }
        window.addEventListener('pointerup', up)
        window.addEventListener('pointercancel', up)
      },
      onPointerLeave: () => !pressed.current && release(),
    },
  }
}
