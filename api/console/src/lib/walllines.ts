// The wall's lines: the gateway's groups, of which one with a single alert is that alert, and the
// lists of those that are open.

import type { Alert, AlertGroup } from '../api/types'

export type Line =
  | { kind: 'alert'; key: string; a: Alert }
  | { kind: 'group'; key: string; g: AlertGroup; open: boolean }
  | { kind: 'rest'; key: string; g: AlertGroup; shown: number } // of an open group: what is not loaded

/** Alerts that are not gathered, each as a group of its own. */
export function single(a: Alert): AlertGroup {
  return {
    key: 'alert:' + a.id,
    school: a.school,
    severity: a.severity,
    count: 1,
    unacknowledged: a.state === 'open' ? 1 : 0,
    firing: a.firing ? 1 : 0,
    newest: a.opened,
    oldest: a.opened,
    rules: [a.rule],
    zones: a.zone ? [a.zone] : [],
    places:
      a.zone || a.device
        ? [{ zone: a.zone, device: a.device, device_name: a.device_name, firing: a.firing ? 1 : 0 }]
        : [],
    place_count: a.zone || a.device ? 1 : 0,
    alert: a,
  }
}

/** The groups in their order; an open one is followed by what is loaded of its list. */
export function linesOf(groups: AlertGroup[], lists: ReadonlyMap<string, Alert[]>): Line[] {
  return groups.flatMap((g): Line[] => {
    if (g.count === 1) return [{ kind: 'alert', key: g.key, a: g.alert }]
    const list = lists.get(g.key)
    if (!list) return [{ kind: 'group', key: g.key, g, open: false }]
    const rows = list.map((a): Line => ({ kind: 'alert', key: g.key + ' ' + a.id, a }))
    const rest: Line[] =
      list.length < g.count ? [{ kind: 'rest', key: g.key + ' rest', g, shown: list.length }] : []
    return [{ kind: 'group', key: g.key, g, open: true }, ...rows, ...rest]
  })
}

/** What is selected, or done something to: alerts, and whole groups. */
export interface Targets {
  alerts: Alert[]
  groups: AlertGroup[]
}

/** What the lines of some keys stand for. A group that is chosen stands for its open list, too. */
export function targetsOf(lines: Line[], keys: ReadonlySet<string>): Targets {
  const out: Targets = { alerts: [], groups: [] }
  for (const l of lines) {
    if (!keys.has(l.key)) continue
    if (l.kind === 'group') out.groups.push(l.g)
    if (l.kind === 'alert' && !out.groups.some((g) => l.key.startsWith(g.key + ' '))) out.alerts.push(l.a)
  }
  return out
}

/** How many alerts that are, and how many of them nobody has in hand. */
export function countOf(t: Targets): { all: number; open: number } {
  return {
    all: t.alerts.length + t.groups.reduce((n, g) => n + g.count, 0),
    open:
      t.alerts.filter((a) => a.state === 'open').length + t.groups.reduce((n, g) => n + g.unacknowledged, 0),
  }
}

/** The keys of the lines from one to another, as Shift and x has it. */
export function through(lines: Line[], from: string, to: string): string[] {
  const a = lines.findIndex((l) => l.key === from)
  const b = lines.findIndex((l) => l.key === to)
  if (a < 0 || b < 0) return []
  return lines.slice(Math.min(a, b), Math.max(a, b) + 1).map((l) => l.key)
}

/**
 * A group while its place is held: a card stays the card of its alert, since a button that meant one
 * alert must not come to mean many, or another one.
 */
export const heldGroup = (held: AlertGroup, now: AlertGroup): AlertGroup =>
  held.count === 1 && (now.count > 1 || now.alert.id !== held.alert.id) ? held : now
