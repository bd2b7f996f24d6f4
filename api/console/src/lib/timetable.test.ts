import { expect, test } from 'vitest'
import type { TimetableRun } from '../api/types'
import { byPeriod, later } from './timetable'

const run = (id: string, start: string, period?: string) =>
  ({ id, start, end: start, date: start.slice(0, 10), period }) as TimetableRun

test('rows are periods at their usual time, and times of their own between them', () => {
  const rows = byPeriod(
    [
      run('late', '2026-09-07T01:30:00Z', '1'), // a late start
      run('1', '2026-09-08T00:00:00Z', '1'),
      run('1b', '2026-09-09T00:00:00Z', '1'),
      run('2', '2026-09-08T01:00:00Z', '2'),
      run('gate', '2026-09-08T00:30:00Z'),
    ],
    'Asia/Shanghai',
  )
  expect(rows.map((r) => [r.key, r.start, r.runs.length])).toEqual([
    ['1', '08:00', 3],
    ['08:30', '08:30', 1],
    ['2', '09:00', 1],
  ])
})

test('a week later, over the end of a year', () => {
  expect(later('2026-12-28', 7)).toBe('2027-01-04')
  expect(later('2027-01-04', -7)).toBe('2026-12-28')
})
