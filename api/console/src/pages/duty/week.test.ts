import { expect, test } from 'vitest'
import type { DutySpan } from '../../api/types'
import { bounds, mondayOf, pieces, plus } from './week'

const span = (from: string, to: string): DutySpan => ({ from, to, hole: false, people: [] })

test('a night is cut at midnight by the clock of the school', () => {
  const night = span('2026-09-07T11:00:00Z', '2026-09-07T23:00:00Z') // 19:00 to 7:00 in Shanghai
  const first = pieces([night], 'Asia/Shanghai', '2026-09-07')
  const second = pieces([night], 'Asia/Shanghai', '2026-09-08')
  expect(first.map((p) => [p.from, p.to])).toEqual([[19 / 24, 1]])
  expect(second.map((p) => [p.from, p.to])).toEqual([[0, 7 / 24]])
  expect(pieces([night], 'Asia/Shanghai', '2026-09-09')).toEqual([])
})

test('a day on which the clock changes is shorter or longer', () => {
  const hours = (day: string) => {
    const [from, to] = bounds('Europe/Berlin', day)
    return (to - from) / 3600e3
  }
  expect([hours('2026-03-29'), hours('2026-10-25'), hours('2026-03-30')]).toEqual([23, 25, 24])
})

test('a week begins on its Monday', () => {
  expect(['2026-09-07', '2026-09-13', '2026-09-14'].map(mondayOf)).toEqual([
    '2026-09-07',
    '2026-09-07',
    '2026-09-14',
  ])
  expect(plus('2026-12-31', 1)).toBe('2027-01-01')
})
