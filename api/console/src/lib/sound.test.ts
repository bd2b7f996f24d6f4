import { expect, test } from 'vitest'
import type { Alert } from '../api/types'
import { byUrgency, loudest, pattern } from './sound'

const alert = (id: string, severity: Alert['severity'], state: Alert['state'], opened: string) =>
  ({ id, severity, state, opened, audible: true }) as Alert

test('severe before mild, unhandled before handled, new before old', () => {
  const list = [
    alert('a', 'info', 'open', '2026-03-01T09:00:00Z'),
    alert('b', 'critical', 'acknowledged', '2026-03-01T08:00:00Z'),
    alert('c', 'critical', 'open', '2026-03-01T07:00:00Z'),
    alert('d', 'critical', 'open', '2026-03-01T07:30:00Z'),
    alert('e', 'major', 'open', '2026-03-01T09:30:00Z'),
  ]
  expect(list.sort(byUrgency).map((a) => a.id)).toEqual(['d', 'c', 'b', 'e', 'a'])
  expect(loudest(list)?.id).toBe('d')
  expect(loudest(list.map((a) => ({ ...a, state: 'acknowledged' })))).toBeUndefined()
  expect(loudest(list.map((a) => ({ ...a, audible: a.id === 'e' })))?.id).toBe('e')
})

test('the louder the worse: only what must be answered repeats', () => {
  expect(pattern('info').beeps).toEqual([])
  expect(pattern('warning').every).toBe(0)
  expect(pattern('major').every).toBeGreaterThan(pattern('critical').every)
  for (const s of ['warning', 'major', 'critical'] as const) {
    const p = pattern(s)
    const end = Math.max(...p.beeps.map((b) => b.at + b.s))
    if (p.every) expect(end).toBeLessThan(p.every)
  }
})
