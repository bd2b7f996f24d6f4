// The wall's lines: alerts, of which many of the same cause are one line with a count.

import type { Alert } from '../api/types'

export type Line = { kind: 'alert'; key: string; a: Alert } | Group
export interface Group {
  kind: 'group'
  key: string
  items: Alert[]
  open: boolean
}

const least = 5 // alerts of one cause that become one line

/** A critical alert and a stranger stand for themselves; others belong to their rule. */
function causeOf(a: Alert): string {
  if (a.severity === 'critical' || (a.media && a.sighting && !a.person)) return ''
  return a.rule + ' ' + a.severity
}

/** The alerts in their order, with groups where the first of each stands; opened ones list theirs. */
export function linesOf(alerts: Alert[], opened: ReadonlySet<string>): Line[] {
  const by = new Map<string, Alert[]>()
  for (const a of alerts) {
    const cause = causeOf(a)
    if (!cause) continue
    const same = by.get(cause)
    if (same) same.push(a)
    else by.set(cause, [a])
  }
  const out: Line[] = []
  const done = new Set<string>()
  for (const a of alerts) {
    const cause = causeOf(a)
    const items = by.get(cause) ?? []
    if (items.length < least) {
      out.push({ kind: 'alert', key: a.id, a })
      continue
    }
    if (done.has(cause)) continue
    done.add(cause)
    const open = opened.has(cause)
    out.push({ kind: 'group', key: cause, items, open })
    if (open) for (const x of items) out.push({ kind: 'alert', key: x.id, a: x })
  }
  return out
}

/** The alerts that a line stands for. */
export const alertsOf = (l: Line): Alert[] => (l.kind === 'alert' ? [l.a] : l.items)

/** The selection with the lines from one to another, in their order, as Shift and x has it. */
export function through(lines: Line[], from: string, to: string): string[] {
  const a = lines.findIndex((l) => l.key === from)
  const b = lines.findIndex((l) => l.key === to)
  if (a < 0 || b < 0) return []
  return lines.slice(Math.min(a, b), Math.max(a, b) + 1).flatMap((l) => alertsOf(l).map((x) => x.id))
}
