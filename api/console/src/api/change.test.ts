import { expect, test } from 'vitest'
import { clashes, difference } from './change'

test('only what differs is sent, and null takes away', () => {
  expect(
    difference(
      { name: 'A', zone: 'z1', address: { a: '1' } },
      { name: 'B', zone: undefined, address: { a: '1' } },
    ),
  ).toEqual({ name: 'B', zone: null })
  expect(difference({ serial: undefined }, { serial: '' })).toEqual({})
})

test('what somebody else changed is named, with what to', () => {
  const base = { name: 'A', kind: 'gate' }
  expect(clashes(base, { name: 'C', kind: 'dorm' }, { name: 'B' })).toEqual(['name: A → C'])
  expect(clashes(base, { name: 'B' }, { name: 'B' })).toEqual([])
  expect(clashes(base, { name: 'A', kind: 'dorm' }, { name: 'B' })).toEqual([])
})
