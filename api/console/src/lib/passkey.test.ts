import { expect, test } from 'vitest'
import { bytes, obstacle, text } from './passkey'

const gate = { work: true, origin: 'https://gate.example', rp_id: 'gate.example' }

test('what stands in the way of a passkey', () => {
  expect(obstacle(gate, 'https://gate.example', true)).toBeUndefined()
  expect(obstacle(gate, 'https://192.0.2.7', true)).toBe('passkeys_other_origin')
  expect(obstacle(gate, 'http://gate.example', false)).toBe('passkeys_other_origin')
  expect(obstacle(gate, 'https://gate.example', false)).toBe('passkeys_no_browser')
  expect(obstacle({ work: false, reason: 'passkeys_ip_address' }, 'https://192.0.2.7', false)).toBe(
    'passkeys_ip_address',
  )
  expect(obstacle(undefined, 'https://gate.example', true)).toBe('passkeys_no_address')
})

test('base64url there and back', () => {
  for (const s of ['', 'AA', '-_-_', 'AAECAwQF_v8']) expect(text(bytes(s).buffer)).toBe(s)
  expect([...bytes('__79')]).toEqual([255, 254, 253])
})
