import { expect, test } from 'vitest'
import { nextCard } from './wallkeys'

test('the keys go from card to card and stop at the ends', () => {
  const all = ['fire', 'leak', 'offline']
  expect(nextCard(all, undefined, 1)).toBe('fire')
  expect(nextCard(all, { key: 'fire', at: 0 }, 1)).toBe('leak')
  expect(nextCard(all, { key: 'offline', at: 2 }, 1)).toBe('offline')
  expect(nextCard(all, { key: 'fire', at: 0 }, -1)).toBe('fire')
  expect(nextCard(all, { key: 'leak', at: 2 }, 1)).toBe('offline') // it has moved
  expect(nextCard([], undefined, 1)).toBeUndefined()
})

test('where the card has gone, the keys go on from its place', () => {
  const all = ['fire', 'leak', 'offline']
  expect(nextCard(all, { key: 'gone', at: 1 }, 1)).toBe('leak')
  expect(nextCard(all, { key: 'gone', at: 1 }, -1)).toBe('fire')
  expect(nextCard(all, { key: 'gone', at: 9 }, 1)).toBe('offline')
  expect(nextCard([], { key: 'gone', at: 1 }, 1)).toBeUndefined()
})
