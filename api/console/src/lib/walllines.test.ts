import { expect, test } from 'vitest'
import type { Alert, AlertGroup } from '../api/types'
import { countOf, heldGroup, linesOf, single, targetsOf, through } from './walllines'

const alert = (id: string, state: Alert['state'] = 'open') =>
  ({ id, state, school: 'sch_1', severity: 'major', rule: 'r', opened: '2026-09-01T00:00:00Z' }) as Alert
const group = (key: string, count: number, unacknowledged = count): AlertGroup => ({
  ...single(alert(key + '-first')),
  key,
  count,
  unacknowledged,
})

const keys = (all: { key: string }[]) => all.map((l) => l.key)

test('a group of one is its alert, an open group is followed by what is loaded of it', () => {
  const lists = new Map([['g', [alert('a'), alert('b')]]])
  const lines = linesOf([single(alert('x')), group('g', 5), group('h', 7)], lists)
  expect(keys(lines)).toEqual(['alert:x', 'g', 'g a', 'g b', 'g rest', 'h'])
  expect(lines.map((l) => l.kind)).toEqual(['alert', 'group', 'alert', 'alert', 'rest', 'group'])
})

test('an open group whose list is all there has no rest', () => {
  expect(keys(linesOf([group('g', 2)], new Map([['g', [alert('a'), alert('b')]]])))).toEqual([
    'g',
    'g a',
    'g b',
  ])
})

test('what is chosen counts once, and with all that a group has', () => {
  const lines = linesOf([single(alert('x')), group('g', 500, 480)], new Map([['g', [alert('a')]]]))
  const t = targetsOf(lines, new Set(through(lines, 'alert:x', 'g a')))
  expect(t.alerts.map((a) => a.id)).toEqual(['x'])
  expect(t.groups.map((g) => g.key)).toEqual(['g'])
  expect(countOf(t)).toEqual({ all: 501, open: 481 })
  expect(through(lines, 'x', 'nowhere')).toEqual([])
})

test('a card under the pointer stays the card of its alert', () => {
  const one = { ...single(alert('a')), key: 'g' }
  const two = { ...group('g', 2), alert: alert('b') }
  expect(heldGroup(one, two)).toBe(one)
  const taken = { ...one, alert: alert('a', 'acknowledged') }
  expect(heldGroup(one, taken)).toBe(taken)
  const more = group('g', 3)
  expect(heldGroup(group('g', 2), more)).toBe(more)
})
