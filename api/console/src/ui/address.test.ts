import { expect, test } from 'vitest'
import { changed, filtered } from './address'

test('another filter begins at the first page, of every list of the page', () => {
  const now = new URLSearchParams('q=lab&at=abc&page=3&log.at=x&log.page=2&tab=history')
  expect(filtered(now, { zone: 'zon_1' }).toString()).toBe('q=lab&tab=history&zone=zon_1')
})

test('a dialog changes the address and leaves the place in the list', () => {
  const now = new URLSearchParams('q=lab&at=abc&page=3')
  const open = changed(now, { edit: 'usr_1' })
  expect(open.toString()).toBe('q=lab&at=abc&page=3&edit=usr_1')
  expect(changed(open, { edit: null }).toString()).toBe(now.toString())
})
