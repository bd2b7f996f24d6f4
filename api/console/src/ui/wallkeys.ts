// The wall by keyboard: j and k go from alert to alert, a takes the one in focus, e resolves it,
// / goes to the filters, ? shows the keys.

import { useEffect, useState } from 'react'

const cards = () => [...document.querySelectorAll<HTMLElement>('.alerts .alert:not([inert])')]

/** The card `by` steps after the one in focus; without one in focus the first. */
export function nextCard<C>(all: C[], focused: C | undefined, by: number): C | undefined {
  const at = focused === undefined ? -1 : all.indexOf(focused)
  if (at < 0) return all[0]
  return all[Math.min(all.length - 1, Math.max(0, at + by))]
}

/** Whether a key press belongs to a field, a menu or a dialog. */
function elsewhere(e: KeyboardEvent): boolean {
  const at = e.target as HTMLElement
  return (
    e.ctrlKey ||
    e.metaKey ||
    e.altKey ||
    at.isContentEditable ||
    !!at.closest?.('input, textarea, select, [role=dialog], [role=menu], [role=listbox]') ||
    !!document.querySelector('[role=dialog]')
  )
}

export function useWallKeys() {
  const [help, setHelp] = useState(false)
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (elsewhere(e)) return
      const focused = document.activeElement?.closest<HTMLElement>('.alert') ?? undefined
      const click = (deed: string) => focused?.querySelector<HTMLElement>(`[data-testid=${deed}]`)?.click()
      switch (e.key) {
        case 'j':
        case 'k': {
          const card = nextCard(cards(), focused, e.key === 'j' ? 1 : -1)
          card?.focus()
          card?.scrollIntoView({ block: 'nearest' })
          break
        }
        case 'a':
          click('acknowledge')
          break
        case 'e':
          click('resolve')
          break
        case '/':
          document.querySelector<HTMLElement>('[data-wall-search]')?.focus()
          break
        case '?':
          setHelp((h) => !h)
          break
        default:
          return
      }
      e.preventDefault()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
  return { help, setHelp }
}
