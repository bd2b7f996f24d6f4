import { expect, test } from 'vitest'
import { muteEnd, muteFor, muteKey } from './mute'

test('a mute ends by itself, and lasts no longer than a shift', () => {
  expect(muteEnd('2000', 1000)).toBe(2000)
  expect(muteEnd('1000', 1000)).toBe(0)
  expect(muteEnd('', 1000)).toBe(0)
  expect(muteEnd('yes', 1000)).toBe(0)
  expect(muteEnd(String(13 * 3600_000), 0)).toBe(0)
  for (const ms of muteFor) expect(muteEnd(String(ms), 0)).toBe(ms)
})

test('the next user has a mute of their own', () => {
  expect(muteKey('usr_1')).not.toBe(muteKey('usr_2'))
})
