import { expect, test } from 'vitest'
import { daySpan } from './audit'

const now = Date.parse('2026-09-10T03:00:00Z') // the 10th, 11:00 in Shanghai

test('days of the school, both counted, become a span that the API takes', () => {
  expect(daySpan('Asia/Shanghai', '2026-09-01', '2026-09-02', now)).toEqual({
    from: '2026-08-31T16:00:00Z',
    to: '2026-09-02T16:00:00Z',
  })
})

test('one day alone reaches from the beginning, or to the end of today', () => {
  expect(daySpan('Asia/Shanghai', '2026-09-09', '', now)).toEqual({
    from: '2026-09-08T16:00:00Z',
    to: '2026-09-10T16:00:00Z',
  })
  expect(daySpan('Asia/Shanghai', '', '2026-09-02', now)).toEqual({
    from: '1970-01-01T16:00:00Z',
    to: '2026-09-02T16:00:00Z',
  })
  expect(daySpan('Asia/Shanghai', '2026-12-01', '', now).to).toBe('2026-12-01T16:00:00Z')
  expect(daySpan('Asia/Shanghai', '', '', now)).toEqual({})
})
