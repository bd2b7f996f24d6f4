// Prettier does not break texts and comments, so their length is limited here.

import { expect, test } from 'vitest'

const files = import.meta.glob<string>(['./**/*.{ts,tsx}', '!./api/schema.d.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
})

test('no line is longer than 120 characters', () => {
  const long = Object.entries(files).flatMap(([path, text]) =>
    text
      .split('\n')
      .map((line, i) => ({ at: `${path}:${i + 1}`, length: line.length }))
      .filter(({ length }) => length > 120),
  )
  expect(long).toEqual([])
})
