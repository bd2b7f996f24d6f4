import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot, type Root } from 'react-dom/client'
import { MemoryRouter } from 'react-router'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { permissions, type Me } from '../api/types'
import { startLanguages } from '../i18n'
import { SessionProvider } from '../session'
import { IntegrationsPage } from './integrations'

const me: Me = {
  user: {
    id: 'usr_1',
    school: 'a',
    name: 'admin',
    full_name: 'Admin',
    role: 'admin',
    language: 'en',
  } as Me['user'],
  school: { id: 'a', name: 'School', kind: 'school', timezone: 'UTC', language: 'en' } as Me['school'],
  permissions: [...permissions],
  csrf: 'x',
  demo: false,
  version: '1',
}
const refusal = {
  code: 'invalid',
  detail: 'url: this is no address',
  errors: [{ field: 'url', message: 'this is no address' }],
}

let root: Root
let box: HTMLElement

beforeEach(() => {
  startLanguages('en')
  vi.stubGlobal('fetch', async (_: string, r: RequestInit) =>
    r.method === 'POST'
      ? new Response(JSON.stringify(refusal), { status: 422 })
      : new Response('{"items":[]}'),
  )
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  root.unmount()
  box.remove()
  vi.unstubAllGlobals()
})

function show(at: string) {
  root.render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter initialEntries={[at]}>
          <SessionProvider me={me} onSignedOut={() => {}}>
            <IntegrationsPage />
          </SessionProvider>
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  )
}

const ticks = () =>
  vi.waitFor(() => {
    const all = [...document.querySelectorAll<HTMLInputElement>('[role=dialog] input[type=checkbox]')]
    if (all.length === 0) throw new Error('the dialog has no boxes yet')
    return all
  })

test('a new key has no permission that nobody ticked', async () => {
  show('/integrations?add=key')
  const all = await ticks()
  expect(all.length).toBe(permissions.length)
  expect(all.filter((x) => x.checked).map((x) => x.value)).toEqual([])
})

test('a new webhook asks for what its hint says, and tells a wrong address once', async () => {
  show('/integrations?tab=webhooks&add=webhook')
  expect((await ticks()).filter((x) => x.checked).map((x) => x.value)).toEqual([])
  const field = document.querySelector<HTMLInputElement>('[role=dialog] input[type=url]')!
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(field, 'ftp://x')
  field.dispatchEvent(new Event('input', { bubbles: true }))
  await vi.waitFor(() =>
    expect(document.querySelector<HTMLButtonElement>('[role=dialog] [type=submit]')!.disabled).toBe(false),
  )
  document
    .querySelector('[role=dialog] form')!
    .dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))
  await vi.waitFor(() => expect(document.body.textContent).toContain('this is no address'))
  expect(document.body.textContent!.split('this is no address').length).toBe(2)
})
