import { expect, test } from 'vitest'
import { bytes } from './push'

test('a key in base64url is read, with and without the letters of its own', () => {
  expect([...bytes('AQID')]).toEqual([1, 2, 3])
  expect([...bytes('_-8')]).toEqual([255, 239])
})
