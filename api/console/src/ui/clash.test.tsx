import { MantineProvider } from '@mantine/core'
import { useState } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { change, remove, type Fields } from '../api/change'
import { startLanguages } from '../i18n'
import { FormTrouble } from './clash'
import { useDeed } from './kit'

let root: Root
let box: HTMLElement
let kept: Fields // the gateway's state
let sent: { method: string; match: string; body: Fields }[]

beforeEach(() => {
  startLanguages('en')
  sent = []
  vi.stubGlobal('fetch', async (_: string, r: RequestInit) => {
    const tag = JSON.stringify(kept)
    const headers = r.headers as Record<string, string>
    if (r.method === 'GET') return new Response(tag, { headers: { ETag: tag } })
    sent.push({
      method: r.method!,
      match: headers['If-Match'],
      body: r.body ? (JSON.parse(String(r.body)) as Fields) : {},
    })
    if (headers['If-Match'] !== tag)
      return new Response(JSON.stringify({ code: 'changed', detail: 'somebody changed it' }), { status: 412 })
    if (r.method === 'DELETE') return new Response(null, { status: 204 })
    kept = { ...kept, ...sent.at(-1)!.body }
    return new Response(JSON.stringify(kept))
  })
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  root.unmount()
  box.remove()
  vi.unstubAllGlobals()
})

function Form({ etag }: { etag: string }) {
  const [v, set] = useState<{ name: string; phone: string }>({ name: 'Li', phone: '1' })
  const [base] = useState<Fields>(v)
  const deed = useDeed()
  return (
    <>
      {(['name', 'phone'] as const).map((k) => (
        <button key={k} onClick={() => set({ ...v, [k]: v[k] + ' mine' })}>
          change {k}
        </button>
      ))}
      <FormTrouble error={deed.error} onTheirs={(k, now) => set({ ...v, [k]: now })} />
      <button onClick={() => void deed.run(() => change('/v1/people/p', base, v, { etag }))}>save</button>
    </>
  )
}

const press = (label: string) =>
  vi.waitFor(() => {
    const b = [...document.querySelectorAll('button')].find((x) => x.textContent === label)
    if (!b) throw new Error(`no button ${label}`)
    b.click()
  })

test('the state that was read is the one that is changed, and only with what changed', async () => {
  kept = { name: 'Li', phone: '1', class: '7-1' }
  root.render(
    <MantineProvider>
      <Form etag={JSON.stringify(kept)} />
    </MantineProvider>,
  )
  await press('change name')
  await press('save')
  await vi.waitFor(() =>
    expect(sent).toEqual([
      { method: 'PATCH', match: '{"name":"Li","phone":"1","class":"7-1"}', body: { name: 'Li mine' } },
    ]),
  )
})

test('a colleague who changed another field is not in the way, and loses nothing', async () => {
  const read = JSON.stringify({ name: 'Li', phone: '1', class: '7-1' })
  kept = { name: 'Li', phone: '1', class: '7-2' }
  root.render(
    <MantineProvider>
      <Form etag={read} />
    </MantineProvider>,
  )
  await press('change name')
  await press('save')
  await vi.waitFor(() => expect(kept).toEqual({ name: 'Li mine', phone: '1', class: '7-2' }))
})

test('a colleague who changed the same is shown, and the reader chooses for each field', async () => {
  kept = { name: 'Li Na', phone: '2' }
  root.render(
    <MantineProvider>
      <Form etag="old" />
    </MantineProvider>,
  )
  await press('change name')
  await press('change phone')
  await press('save')
  await vi.waitFor(() =>
    expect(document.querySelector('[data-testid=clash]')?.textContent).toMatch(
      /name.*Li Na.*Li mine.*telephone.*2.*1 mine/s,
    ),
  )
  expect(kept).toEqual({ name: 'Li Na', phone: '2' })
  const take = [...document.querySelectorAll('button')].filter((b) => b.textContent === 'Take theirs')
  take[0].click()
  await vi.waitFor(() => expect(take[0].getAttribute('aria-pressed')).toBe('true'))
  await press('save')
  await vi.waitFor(() => expect(kept).toEqual({ name: 'Li Na', phone: '1 mine' }))
})

test('what is another than was shown is not deleted before that is told', async () => {
  kept = { name: 'Gate', kind: 'dorm' }
  const shown = { name: 'Gate', kind: 'gate' }
  await expect(remove('/v1/zones/z', shown)).rejects.toMatchObject({
    code: 'changed',
    message: 'kind: gate → dorm',
  })
  expect(sent).toEqual([])
  await remove('/v1/zones/z', shown)
  expect(sent).toEqual([{ method: 'DELETE', match: '{"name":"Gate","kind":"dorm"}', body: {} }])
})
