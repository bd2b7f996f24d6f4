// Keeps sorted cards in place while the user points at one: removed cards stay until then, and new
// ones are appended, or wait to be shown.

import { useEffect, useRef, useState, type PointerEvent } from 'react'

const aims = 3000 // ms after the last movement over a card in which the order is held
const longest = 15_000 // ms after which the order is updated in any case
const rests = 30_000 // ms without a movement after which nobody looks for what waits

/** The rows of now in the order of held; removed rows keep their last state, new ones come last. */
export function keepOrder<R>(
  held: R[],
  now: R[],
  id: (r: R) => string,
  meet: (held: R, now: R) => R = (_, n) => n,
): R[] {
  const left = new Map(now.map((r) => [id(r), r]))
  const kept = held.map((r) => {
    const current = left.get(id(r))
    left.delete(id(r))
    return current === undefined ? r : meet(r, current)
  })
  return [...kept, ...left.values()]
}

/**
 * Rows in an order that is held while the user points at an element matching `card`. Where new rows
 * wait, they are in `waiting` until the hold ends: when the pointer leaves, has not moved for half
 * a minute, or `release` is called.
 */
export function useStillOrder<R>(
  now: R[],
  id: (r: R) => string,
  card: string,
  waits = false,
  meet?: (held: R, now: R) => R, // how a row that is held becomes what it is now
) {
  const [held, setHeld] = useState<R[]>()
  const shown = useRef(now)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const begun = useRef(0) // when the hold began; 0: none
  const pressed = useRef(false)
  const all = held ? keepOrder(held, now, id, meet) : now
  const rows = held && waits ? all.slice(0, held.length) : all
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
    const most = waits ? rests : begun.current + longest - Date.now()
    timer.current = setTimeout(release, waits ? most : Math.max(0, Math.min(ms, most)))
  }
  const over = (e: PointerEvent) => !!(e.target as Element).closest(card)
  return {
    rows,
    waiting: all.slice(rows.length),
    release,
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
