import { expect, test } from 'vitest'
import { fileOf, filesOf, textOf } from './file'

const text =
  'id: warm\ntitle: Warm\nwhen:\n  all:\n    - {property: temperature, above: 30}\n\n    - {status: online}\n'

test('what is saved as a file is read from it as it was', () => {
  const file = fileOf({ id: 'warm', text, version: 3, from: 'No. 1 School' })
  expect(file).toBe(
    '# warm, version 3, No. 1 School\nrules:\n  - id: warm\n    title: Warm\n    when:\n      all:\n' +
      '        - {property: temperature, above: 30}\n\n        - {status: online}\n',
  )
  expect(textOf(file)).toBe(text)
  expect(textOf('\uFEFF' + file.replaceAll('\n', '\r\n'))).toBe(text)
})

test('a file of several rules, or of none, is left to the check', () => {
  const two = 'rules:\n  - id: a\n  - id: b\n'
  for (const file of [two, 'rules: []\n', text]) expect(textOf(file)).toBe(file)
})

test('a file of several rules holds each as it was', () => {
  expect(filesOf([{ text }, { text: 'id: b\ntitle: B\n' }])).toBe(
    'rules:\n  - id: warm\n    title: Warm\n    when:\n      all:\n        - {property: temperature, above: 30}\n' +
      '\n        - {status: online}\n  - id: b\n    title: B\n',
  )
})
