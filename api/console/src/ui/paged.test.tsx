import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot, type Root } from 'react-dom/client'
import { MemoryRouter, useLocation, useNavigate } from 'react-router'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startLanguages } from '../i18n'
import { useAddress } from './address'
import { PagedList, usePaged } from './paged'

// A list of nine rows, three a page, whose cursor is the number of the first row.
const answer = (url: string) => {
  const q = new URL(url, 'http://x').searchParams
  const from = Number(q.get('cursor') ?? 0)
  const items = [0, 1, 2].map((n) => ({ name: `${q.get('q') ?? ''}${from + n}` }))
  return new Response(JSON.stringify({ items, next: from < 6 ? String(from + 3) : undefined }))
}

let root: Root
let box: HTMLElement

beforeEach(() => {
  startLanguages('en')
  vi.stubGlobal('fetch', async (url: string) => answer(url))
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  root.unmount()
  box.remove()
  vi.unstubAllGlobals()
})

let at = ''
function List({ school }: { school?: string }) {
  const { get, put } = useAddress()
  const go = useNavigate()
  const here = useLocation()
  at = here.pathname + here.search
  const list = usePaged('rows', '/v1/people', { q: get('q'), school }, { limit: 3 })
  return (
    <>
      <PagedList list={list} empty="none">
        {(rows) => <p>{rows.map((r) => r.name).join(' ')}</p>}
      </PagedList>
      <button id="filter" onClick={() => put('q', 'x')} />
      <button id="both" onClick={() => (put('q', 'x', { typed: true }), put('state', 'open'))} />
      <button id="back" onClick={() => void go(-1)} />
    </>
  )
}

const show = (url: string, school?: string) =>
  root.render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <MemoryRouter initialEntries={[url]}>
          <List school={school} />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  )
const click = (what: string) =>
  vi.waitFor(() => {
    const b = [...box.querySelectorAll('button')].find((x) => x.id === what || x.textContent === what)
    if (!b || b.disabled) throw new Error(`no button ${what}`)
    b.click()
  })
const seen = (rows: string, url: string) =>
  vi.waitFor(() => expect([box.querySelector('p')?.textContent, at]).toEqual([rows, url]))

test('the place in a list is in the address, and back and previous lead to where one was', async () => {
  show('/rows')
  await click('Next')
  await seen('3 4 5', '/rows?at=3&page=2')
  await click('Next')
  await seen('6 7 8', '/rows?at=6&page=3')
  await click('Previous')
  await seen('3 4 5', '/rows?at=3&page=2')
  await click('back')
  await seen('6 7 8', '/rows?at=6&page=3')
})

test('a link shows the page that it names, with a way to the first', async () => {
  show('/rows?at=3&page=2&q=a')
  await seen('a3 a4 a5', '/rows?at=3&page=2&q=a')
  expect(box.textContent).toContain('Page 2')
  await click('First page')
  await seen('a0 a1 a2', '/rows?q=a')
})

test('another filter begins at the first page, and back is where one was', async () => {
  show('/rows?at=3&page=2')
  await click('filter')
  await seen('x0 x1 x2', '/rows?q=x')
  await click('back')
  await seen('3 4 5', '/rows?at=3&page=2')
})

test('what was typed is not lost to whoever clicks at once', async () => {
  show('/rows')
  await seen('0 1 2', '/rows')
  await vi.waitFor(() => {
    const both = box.querySelector<HTMLElement>('#both')
    if (!both) throw new Error('not drawn')
    both.click()
  })
  await seen('x0 x1 x2', '/rows?q=x&state=open')
})
