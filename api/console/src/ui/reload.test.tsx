import { MantineProvider } from '@mantine/core'
import { createRoot, type Root } from 'react-dom/client'
import { MemoryRouter } from 'react-router'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startLanguages } from '../i18n'
import { ReloadPanel } from './reload'

let root: Root
let box: HTMLElement
let asked: string[]
let parent: string | undefined
let mistake: string

vi.mock('../session', () => ({
  useSession: () => ({ can: () => true, me: { school: { parent } } }),
}))

beforeEach(() => {
  startLanguages('en')
  asked = []
  parent = undefined
  mistake = ''
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    if (mistake) return new Response(JSON.stringify({ code: 'invalid', detail: mistake }), { status: 422 })
    const changes = [
      { key: 'log.level', from: 'info', to: 'debug', restart: false },
      { key: 'http.listen', from: ':80', to: ':8080', restart: true },
    ]
    return new Response(JSON.stringify({ applied: !path.includes('dry_run'), changes }))
  })
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  root.unmount()
  box.remove()
  vi.unstubAllGlobals()
})

const show = () =>
  root.render(
    <MantineProvider>
      <MemoryRouter>
        <ReloadPanel />
      </MemoryRouter>
    </MantineProvider>,
  )
const press = (label: string) =>
  vi.waitFor(() => [...box.querySelectorAll('button')].find((x) => x.textContent === label)!.click())
const says = (text: string) => vi.waitFor(() => expect(box.textContent).toContain(text))

test('what would change is shown before it is applied, and what waits for a restart says so', async () => {
  show()
  await press('Check the files')
  await says('debug')
  await says('takes effect at once')
  await says('needs a restart')
  expect(asked).toEqual(['/v1/reload?dry_run=true'])
  await press('Apply')
  await says('in force')
  expect(asked).toEqual(['/v1/reload?dry_run=true', '/v1/reload'])
})

test('a mistake is shown with its place, and there is nothing to apply', async () => {
  show()
  await press('Check the files')
  await says('debug')
  mistake = 'gatehouse.yaml, line 12: log.level: "loud" is none'
  await press('Check the files')
  await says('line 12')
  expect(box.textContent).not.toContain('Apply')
  expect(box.textContent).not.toContain('debug')
})

test('who administers one school of several is not asked', async () => {
  show()
  await says('Check the files')
  parent = 'district'
  root.unmount()
  root = createRoot(box)
  show()
  await vi.waitFor(() => expect(box.textContent).toBe(''))
})
