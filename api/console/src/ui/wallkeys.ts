// The wall by keyboard. j and k go from line to line; a takes, e resolves and s shelves the one in
// focus, or what is selected; x selects, Shift and x up to here; o opens a group or the details of an alert;
// u takes the last deed back; . shows what waits; / goes to the filters; ? shows the keys.

import { useEffect, useRef } from 'react'

/** Where the keys are: on a line, and its place among the lines when it was there last. */
export interface Cursor {
  key: string
  at: number
}

/**
 * The line `by` steps after the cursor; without one the first. Where the cursor's line has gone,
 * the steps go from the gap that it left.
 */
export function nextCard(all: string[], cursor: Cursor | undefined, by: number): string | undefined {
  if (!cursor) return all[0]
  const at = all.indexOf(cursor.key)
  const to = at >= 0 ? at + by : by > 0 ? cursor.at + by - 1 : cursor.at + by
  return all[Math.min(all.length - 1, Math.max(0, to))]
}

/** Whether a key press belongs to a field, a menu or a dialog. */
function elsewhere(e: KeyboardEvent): boolean {
  const at = e.target as HTMLElement
  return (
    e.ctrlKey ||
    e.metaKey ||
    e.altKey ||
    at.isContentEditable ||
    !!at.closest?.(
      'input:not([type=checkbox]), textarea, select, [role=dialog], [role=menu], [role=listbox]',
    ) ||
    !!document.querySelector('[role=dialog]')
  )
}

export interface WallDeeds {
  go: (by: number) => void
  take: () => void
  resolve: () => void
  shelve: () => void
  select: (range: boolean) => void
  unselect: () => void
  open: () => void
  undo: () => void
  show: () => void
  help: () => void
}

export function useWallKeys(deeds: WallDeeds) {
  const now = useRef(deeds)
  useEffect(() => {
    now.current = deeds
  })
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      // Out of a filter, back to the lines.
      const at = e.target as HTMLElement
      if (e.key === 'Escape' && at.closest?.('.wall-filters')) return at.blur()
      if (elsewhere(e)) return
      const d = now.current
      const by: Record<string, () => void> = {
        j: () => d.go(1),
        k: () => d.go(-1),
        a: d.take,
        e: d.resolve,
        s: d.shelve,
        x: () => d.select(false),
        X: () => d.select(true),
        o: d.open,
        u: d.undo,
        '.': d.show,
        '/': () => document.querySelector<HTMLElement>('[data-wall-search]')?.focus(),
        '?': d.help,
        Escape: d.unselect,
      }
      const deed = by[e.key]
      if (!deed) return
      e.preventDefault()
      deed()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}
