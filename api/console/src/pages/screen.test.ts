import { expect, test } from 'vitest'
import type { Alert, AlertGroup, Severity } from '../api/types'
import { single } from '../lib/walllines'
import { burningFirst, placesOf } from './screen'

const alert = (id: string, severity: Severity, more: Partial<Alert>) =>
  ({
    id,
    severity,
    state: 'open',
    firing: true,
    rule: 'smoke',
    opened: id,
    zone: 'zon_' + id,
    ...more,
  }) as Alert

const rooms = (lines: AlertGroup[]) => placesOf(burningFirst(lines)).map((p) => p.key)

test('the screen shows every place that burns, of one incident and of another', () => {
  const both: AlertGroup = {
    ...single(alert('a', 'critical', { incident: 'inc_1' })),
    count: 3,
    firing: 2,
    unacknowledged: 3,
    places: [
      { zone: 'zon_a', firing: 1 },
      { device: 'dev_loose', device_name: 'Loose detector', firing: 1 },
      { zone: 'zon_out', firing: 0 },
    ],
    place_count: 3,
  }
  const other = single(alert('b', 'critical', {}))
  const less = single(alert('c', 'major', {}))
  expect(rooms([less, both, other])).toEqual(['zon_a', 'dev_loose', 'zon_b'])
})

test('without a fire it shows the first that nobody has in hand', () => {
  const over = single(alert('a', 'critical', { firing: false, ended: '2026-01-01T00:00:00Z' }))
  const taken = single(alert('b', 'critical', { state: 'acknowledged' }))
  const nowhere = single(alert('c', 'critical', { zone: undefined }))
  expect(rooms([taken, nowhere, over])).toEqual(['zon_a'])
  expect(rooms([taken, nowhere])).toEqual([])
})
