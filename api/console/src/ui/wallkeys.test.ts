import { expect, test } from 'vitest'
import { nextCard } from './wallkeys'

test('the keys go from card to card and stop at the ends', () => {
  const all = ['fire', 'leak', 'offline']
  expect(nextCard(all, undefined, 1)).toBe('fire')
  expect(nextCard(all, 'fire', 1)).toBe('leak')
  expect(nextCard(all, 'offline', 1)).toBe('offline')
  expect(nextCard(all, 'fire', -1)).toBe('fire')
  expect(nextCard(all, 'gone meanwhile', 1)).toBe('fire')
  expect(nextCard([], undefined, 1)).toBeUndefined()
})
