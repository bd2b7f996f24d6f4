import { MantineProvider } from '@mantine/core'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startLanguages } from '../i18n'
import { BrowserRouter } from 'react-router'
import { useOpen } from './address'
import { watchHistory } from './backasks'
import { Dialog, useSubject } from './dialog'
import { ShownOnce } from './once'

let root: Root
let box: HTMLElement
const closed = vi.fn()

beforeEach(() => {
  startLanguages('en')
  closed.mockReset()
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  root.unmount()
  box.remove()
})

interface User {
  id: string
  name: string
  version: number
}

// A list that refetches, and the dialog of one of its rows.
function Page({ users }: { users: User[] }) {
  const { subject, gone } = useSubject(
    'u1',
    users.find((u) => u.id === 'u1'),
  )
  return subject ? (
    <Dialog
      opened
      onClose={closed}
      title="User"
      gone={gone}
      subject={{ ...subject }}
      transitionProps={{ duration: 0 }}>
      <input aria-label="Full name" defaultValue={subject.name} />
    </Dialog>
  ) : null
}

const show = (users: User[]) =>
  root.render(
    <MantineProvider>
      <Page users={users} />
    </MantineProvider>,
  )
const field = () =>
  vi.waitFor(() => document.querySelector<HTMLInputElement>('input') ?? Promise.reject(new Error('no field')))
const type = async (text: string) => {
  const f = await field()
  f.value = text
  f.dispatchEvent(new Event('input', { bubbles: true }))
}
const press = (label: string) =>
  vi.waitFor(() => {
    const b = [...document.querySelectorAll('button')].find(
      (x) => x.textContent === label || x.getAttribute('aria-label') === label,
    )
    if (!b) throw new Error(`no button ${label}`)
    b.click()
  })

test('a colleague’s change is told and takes nothing away', async () => {
  show([{ id: 'u1', name: 'Li', version: 1 }])
  await type('Li Wei')
  show([{ id: 'u1', name: 'Li Na', version: 2 }])
  await vi.waitFor(() =>
    expect(document.querySelector('[data-testid=changed]')?.textContent).toContain('name: Li → Li Na'),
  )
  expect((await field()).value).toBe('Li Wei')
  expect(document.querySelector('[data-testid=changed]')?.textContent).not.toContain('version')
})

test('a row that a colleague deletes leaves its dialog open', async () => {
  show([{ id: 'u1', name: 'Li', version: 1 }])
  await type('Li Wei')
  show([])
  await vi.waitFor(() => expect(document.body.textContent).toContain('somebody took it away'))
  expect((await field()).value).toBe('Li Wei')
  expect(closed).not.toHaveBeenCalled()
})

test('closing asks where something was typed, and only there', async () => {
  show([{ id: 'u1', name: 'Li', version: 1 }])
  await type('Li Wei')
  await press('Close')
  await press('Go on typing')
  await press('Close')
  expect(closed).not.toHaveBeenCalled()
  await press('Discard')
  expect(closed).toHaveBeenCalledTimes(1)
})

test('closing a dialog in which nothing was typed asks nothing', async () => {
  show([{ id: 'u1', name: 'Li', version: 1 }])
  await press('Close')
  expect(closed).toHaveBeenCalledTimes(1)
})

function Step() {
  const [open, setOpen, close] = useOpen('do')
  return (
    <>
      <button onClick={() => setOpen('edit')}>Edit</button>
      <button onClick={() => setOpen('secret')}>Secret</button>
      <Dialog opened={open === 'edit'} onClose={close} title="Edit" transitionProps={{ duration: 0 }}>
        <input aria-label="Name" />
      </Dialog>
      <ShownOnce opened={open === 'secret'} onClose={close} title="Secret" transitionProps={{ duration: 0 }}>
        s3cret
      </ShownOnce>
    </>
  )
}

watchHistory() // before any router is rendered, as in the console

test('back asks where something was typed or is shown once, and does not leave by itself', async () => {
  window.history.replaceState(null, '', '/start')
  root.render(
    <MantineProvider>
      <BrowserRouter>
        <Step />
      </BrowserRouter>
    </MantineProvider>,
  )
  await press('Edit')
  await type('Li')
  window.history.back()
  await vi.waitFor(() => expect(document.querySelector('[data-testid=discard]')).not.toBeNull())
  expect(window.location.search).toBe('?do=edit')
  await press('Discard')
  await vi.waitFor(() => expect(document.querySelector('input')).toBeNull())
  await press('Secret')
  await vi.waitFor(() => expect(document.body.textContent).toContain('s3cret'))
  window.history.back()
  await vi.waitFor(() => expect(document.querySelector('[data-testid=once]')).not.toBeNull())
  await press('Not yet')
  expect(document.body.textContent).toContain('s3cret')
  await press('I have kept it')
  await vi.waitFor(() => expect(document.body.textContent).not.toContain('s3cret'))
  await press('Edit') // without input, back closes it
  await field()
  window.history.back()
  await vi.waitFor(() => expect(document.querySelector('input')).toBeNull())
})
