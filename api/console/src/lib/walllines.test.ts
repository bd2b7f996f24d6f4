import { expect, test } from 'vitest'
import type { Alert } from '../api/types'
import { alertsOf, linesOf, through } from './walllines'

const alert = (id: string, rule: string, severity: Alert['severity'], more: Partial<Alert> = {}) =>
  ({ id, rule, severity, ...more }) as Alert
const offline = (n: number) => alert('off' + n, 'offline', 'major')
const many = [1, 2, 3, 4, 5, 6].map(offline)

test('many of one cause are one line, in the place of the first', () => {
  const lines = linesOf([alert('leak', 'leak', 'major'), ...many, alert('co2', 'co2', 'info')], new Set())
  expect(lines.map((l) => l.key)).toEqual(['leak', 'offline major', 'co2'])
  expect(alertsOf(lines[1]).length).toBe(6)
})

test('a fire and a stranger stand for themselves, however many there are', () => {
  const fires = [1, 2, 3, 4, 5, 6].map((n) => alert('fire' + n, 'fire', 'critical'))
  const strangers = fires.map((f) => ({
    ...f,
    id: 's' + f.id,
    severity: 'major' as const,
    media: 'm',
    sighting: 'x',
  }))
  expect(linesOf([...fires, ...strangers], new Set()).every((l) => l.kind === 'alert')).toBe(true)
})

test('few are lines of their own, and an opened group lists its alerts', () => {
  expect(linesOf(many.slice(0, 4), new Set()).map((l) => l.kind)).toEqual(Array(4).fill('alert'))
  expect(linesOf(many, new Set(['offline major'])).map((l) => l.key)).toEqual([
    'offline major',
    ...many.map((a) => a.id),
  ])
})

test('a range takes all that its lines stand for, upwards too', () => {
  const lines = linesOf([alert('a', 'a', 'major'), ...many, alert('b', 'b', 'info')], new Set())
  expect(through(lines, 'b', 'a')).toEqual(['a', ...many.map((x) => x.id), 'b'])
  expect(through(lines, 'gone', 'a')).toEqual([])
})
