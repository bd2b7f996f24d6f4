import { expect, test } from 'vitest'
import { daysOf } from './month'

test('a month has its days', () => {
  expect(daysOf('2028-02')).toHaveLength(29)
  expect(daysOf('2026-02')).toHaveLength(28)
  expect(daysOf('2026-12').at(-1)).toBe('2026-12-31')
  expect(daysOf('2026-09')[0]).toBe('2026-09-01')
})
