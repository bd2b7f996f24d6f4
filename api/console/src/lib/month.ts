// A month of attendance: its days, and how a grid writes the answers.

import type { AttendanceState } from '../api/types'

/** The days of a month, YYYY-MM, as YYYY-MM-DD. */
export function daysOf(month: string): string[] {
  const [y, m] = month.split('-').map(Number)
  const n = new Date(Date.UTC(y, m, 0)).getUTCDate()
  return Array.from({ length: n }, (_, i) => `${month}-${String(i + 1).padStart(2, '0')}`)
}

/** The marks, as in the workbook. What did not concern somebody has none. */
export const marks: Partial<Record<AttendanceState, string>> = {
  arrived: '√',
  late: '△',
  left_early: '▽',
  excused: '○',
  offsite_approved: '◎',
  absent: '×',
  unknown: '?',
  expected: '·',
}
