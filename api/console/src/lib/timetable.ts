// The rows of a week's grid, and days.

import type { TimetableRun } from '../api/types'
import { wallIn } from './format'

export interface Row {
  key: string
  period: string
  start: string // HH:MM, of the first that is usual
  runs: TimetableRun[]
}

/** The rows of a week: periods, and what has times of its own; by the time of day. */
export function byPeriod(runs: TimetableRun[], zone: string): Row[] {
  const rows = new Map<string, Row>()
  for (const r of runs) {
    const start = wallIn(zone, r.start).slice(11)
    const key = r.period || start
    const row = rows.get(key) ?? { key, period: r.period ?? '', start, runs: [] }
    row.runs.push(r)
    rows.set(key, row)
  }
  for (const row of rows.values()) row.start = often(row.runs.map((r) => wallIn(zone, r.start).slice(11)))
  return [...rows.values()].sort((a, b) => a.start.localeCompare(b.start) || a.key.localeCompare(b.key))
}

// The value that is there most often; of several, the first.
function often(all: string[]): string {
  const n = (x: string) => all.filter((y) => y === x).length
  return all.reduce((a, b) => (n(b) > n(a) ? b : a))
}

/** A day some days later. */
export function later(date: string, days: number): string {
  return new Date(Date.parse(date + 'T12:00:00Z') + days * 24 * 3600e3).toISOString().slice(0, 10)
}
