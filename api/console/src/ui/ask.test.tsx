import { MantineProvider } from '@mantine/core'
import { useLayoutEffect } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startLanguages } from '../i18n'
import { Ask } from './ask'

let root: Root
let box: HTMLElement

// happy-dom has no fonts; a text area that grows listens to them.
Object.defineProperty(document, 'fonts', { value: new EventTarget(), configurable: true })

beforeEach(() => {
  startLanguages('en')
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  root.unmount()
  box.remove()
})

const comment = () => document.querySelector<HTMLTextAreaElement>('textarea:not([aria-hidden])')

function type(text: string) {
  const f = comment()!
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')!.set!.call(f, text)
  f.dispatchEvent(new Event('input', { bubbles: true }))
}

// Calls seen when a change of opened is on the screen, before anything else can run.
function Page({ opened, seen }: { opened: boolean; seen?: () => void }) {
  useLayoutEffect(() => {
    if (seen) queueMicrotask(seen)
  }, [opened])
  return (
    <Ask
      opened={opened}
      title="Refuse"
      deed="Refuse"
      comment={{ label: 'Why' }}
      onClose={() => {}}
      onDo={() => Promise.resolve()}
    />
  )
}

const show = (opened: boolean, seen?: () => void) =>
  root.render(
    <MantineProvider>
      <Page opened={opened} seen={seen} />
    </MantineProvider>,
  )

test('what is typed at once into a dialog that opens while it still closes is kept', async () => {
  show(true)
  await vi.waitFor(() => expect(comment()).not.toBeNull())
  type('of the one before')
  await vi.waitFor(() => expect(comment()!.value).toBe('of the one before'))
  let before: string | undefined
  // It is opened again as soon as the closing is on the screen: its fields are still there.
  show(false, () =>
    show(true, () => {
      before = comment()!.value
      type('not ours')
    }),
  )
  await vi.waitFor(() => expect(before).toBeDefined())
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  expect(comment()!.value).toBe('not ours')
  expect(before).toBe('') // nothing of the one before
})
