import { expect, test } from 'vitest'
import { lastHand } from './alerthands'

test('who resolved an alert is not who said that they handle it', () => {
  const a = { handler_name: 'School administrator', resolver_name: 'Guard' }
  expect(lastHand({ ...a, state: 'acknowledged' })).toBe('School administrator')
  expect(lastHand({ ...a, state: 'resolved' })).toBe('Guard')
  expect(lastHand({ ...a, state: 'closed', closer_name: 'Chen Gang' })).toBe('Chen Gang')
})

test('what ended by itself was ended by nobody', () => {
  expect(lastHand({ state: 'resolved', handler_name: 'Guard' })).toBe('')
  expect(lastHand({ state: 'closed', handler_name: 'Guard', resolver_name: 'Guard' })).toBe('')
  expect(lastHand({ state: 'open' })).toBe('')
})
