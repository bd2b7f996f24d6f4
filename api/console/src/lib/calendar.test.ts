import { expect, test } from 'vitest'
import { monthsOf, yearOf } from './calendar'

test('a school year begins in August', () => {
  expect(yearOf('2026-07-31')).toBe(2025)
  expect(yearOf('2026-08-01')).toBe(2026)
})

test('months are weeks from Monday, and a leap day has its place', () => {
  const days = ['2028-02-28', '2028-02-29', '2028-03-01', '2028-03-05', '2028-03-06'].map((date) => ({
    date,
  }))
  const [february, march] = monthsOf(days)
  expect(february.name).toBe('2028-02')
  expect(february.weeks.map((w) => w.map((d) => d?.date.slice(8)))).toEqual([
    ['28', '29', undefined, undefined, undefined, undefined, undefined],
  ])
  expect(march.weeks.map((w) => w.map((d) => d?.date.slice(8)))).toEqual([
    [undefined, undefined, '01', undefined, undefined, undefined, '05'],
    ['06', undefined, undefined, undefined, undefined, undefined, undefined],
  ])
})
