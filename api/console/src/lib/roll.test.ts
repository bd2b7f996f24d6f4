import { beforeEach, expect, test } from 'vitest'
import { arrived, keep, kept, ticked, type Tick } from './roll'

const li: Tick = { person: 'li', state: 'arrived', at: '2026-09-01T08:00:00Z' }
const wu: Tick = { person: 'wu', state: 'absent', at: '2026-09-01T08:00:01Z' }

beforeEach(() => localStorage.clear())

test('the newest tick of a person counts, and waits on where an older one arrived', () => {
  const late: Tick = { ...li, state: 'late', at: '2026-09-01T08:00:09Z' }
  const all = ticked(ticked([li], wu), late)
  expect(all).toEqual([wu, late])
  expect(arrived(all, [li, wu])).toEqual([late])
})

test('ticks are kept for the user and session, and nothing of them once all have arrived', () => {
  expect(keep('me', 'ses', [li, wu])).toBe(true)
  expect(kept('me', 'ses')).toEqual([li, wu])
  expect(kept('you', 'ses')).toEqual([])
  expect(kept('me', 'other')).toEqual([])
  keep('me', 'ses', [])
  expect(localStorage).toHaveLength(0)
})

test('what is no list of ticks is none', () => {
  for (const text of ['{', '{}', '[1]', 'null', '[{"person":"x"}]']) {
    localStorage.setItem('roll me ses', text)
    expect(kept('me', 'ses')).toEqual([])
  }
})
