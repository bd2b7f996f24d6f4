// Cards that are sorted by what happens move under the pointer of somebody who aims at one. While he
// aims, what is there keeps its place: what is over stays until then, and what is new comes after it.

import { useEffect, useRef, useState, type PointerEvent } from 'react'

const aims = 3000 // ms after the last movement over a card in which somebody still aims
const longest = 15_000 // ms after which what is new takes its place whatever the pointer does

/** The rows of now in the order of held; what is gone from now stays as it was, what is new comes last. */
export function keepOrder<R>(held: R[], now: R[], id: (r: R) => string): R[] {
  const left = new Map(now.map((r) => [id(r), r]))
  const kept = held.map((r) => {
    const current = left.get(id(r)) ?? r
    left.delete(id(r))
    return current
  })
  return [...kept, ...left.values()]
}

/** Rows in their order, which holds while somebody aims at one of what `card` selects. */
export function useStillOrder<R>(now: R[], id: (r: R) => string, card: string) {
  const [held, setHeld] = useState<R[]>()
  const shown = useRef(now)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const begun = useRef(0) // when the aiming began; 0: nobody aims
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
    gone: (r: R) => !now.some((x) => id(x) === id(r)), // it is over, and stays in its place until nobody aims
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
