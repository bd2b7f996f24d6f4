import { MantineProvider, TextInput } from '@mantine/core'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { change, type Fields } from '../api/change'
import limits from '../api/limits.json'
import { startLanguages } from '../i18n'
import { FormDialog, useForm } from './form'

let root: Root
let box: HTMLElement
let kept: Fields // the gateway's state
let refuse: Fields | undefined // the error response, if any
let sent: Fields[]
const closed = vi.fn()

beforeEach(() => {
  startLanguages('en')
  sent = []
  refuse = undefined
  kept = { name: 'Li', phone: '1' }
  closed.mockClear()
  vi.stubGlobal('fetch', async (_: string, r: RequestInit) => {
    const tag = JSON.stringify(kept)
    if (r.method === 'GET') return new Response(tag, { headers: { ETag: tag } })
    if (refuse) return new Response(JSON.stringify(refuse), { status: 422 })
    sent.push(JSON.parse(String(r.body)) as Fields)
    kept = { ...kept, ...sent.at(-1) }
    return new Response(JSON.stringify(kept))
  })
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
  root.render(
    <MantineProvider>
      <Edit />
    </MantineProvider>,
  )
})
afterEach(() => {
  root.unmount()
  box.remove()
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
})

function Edit() {
  const form = useForm('PersonPatch', { name: 'Li', phone: '1', quiet: false })
  const { name, phone } = form.v
  return (
    <FormDialog
      form={form}
      save={() => change('/v1/people/p', form.base, { name, phone })}
      ready={name !== ''}
      onClose={closed}
      title="Edit"
      transitionProps={{ duration: 0 }}>
      <TextInput label="Name" {...form.text('name')} />
      <TextInput label="Telephone" {...form.text('phone')} />
      <button type="button" onClick={() => form.set({ quiet: true })}>
        choose
      </button>
    </FormDialog>
  )
}

const field = (label: string) =>
  vi.waitFor(() => {
    const l = [...document.querySelectorAll('label')].find((x) => x.textContent === label)!
    return document.getElementById(l.htmlFor) as HTMLInputElement
  })
const type = async (label: string, text: string) => {
  const input = await field(label)
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(input, text)
  input.dispatchEvent(new Event('input', { bubbles: true }))
  await vi.waitFor(() => expect(input.value).toBe(text))
}
const press = (label: string) =>
  vi.waitFor(() => {
    const b = [...document.querySelectorAll('button')].find(
      (x) => (x.textContent || x.getAttribute('aria-label')) === label,
    )!
    expect(b.disabled).toBe(false)
    b.click()
  })

test('a field takes what the document says, and nothing is saved that is not enough', async () => {
  expect((await field('Name')).maxLength).toBe(limits.PersonPatch.name)
  await type('Name', '')
  const save = [...document.querySelectorAll('button')].find((x) => x.textContent === 'Save')!
  await vi.waitFor(() => expect(save.disabled).toBe(true))
})

test('what changed is saved, and the dialog closes', async () => {
  await type('Name', 'Li Na')
  await press('Save')
  await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(1))
  expect(sent).toEqual([{ name: 'Li Na' }])
})

test('what the gateway says of a field stands at it, once, and the dialog stays', async () => {
  refuse = { code: 'invalid', detail: 'no', errors: [{ field: 'phone', message: 'is no number' }] }
  await type('Telephone', 'x')
  await press('Save')
  await vi.waitFor(() => expect(document.body.textContent).toContain('is no number'))
  expect(document.body.textContent!.split('is no number')).toHaveLength(2)
  expect((await field('Telephone')).getAttribute('aria-invalid')).toBe('true')
  expect(closed).not.toHaveBeenCalled()
})

test('what no field shows is shown below them', async () => {
  refuse = { code: 'invalid', detail: 'no', errors: [{ field: 'class', message: 'is no class' }] }
  await type('Telephone', 'x')
  await press('Save')
  await vi.waitFor(() => expect(document.querySelector('.trouble')?.textContent).toContain('is no class'))
})

test('a colleague’s change can be taken into the form', async () => {
  await type('Name', 'Li Na')
  kept = { name: 'Li Mei', phone: '1' }
  await press('Save')
  await vi.waitFor(() => expect(document.querySelector('[data-testid=clash]')).not.toBeNull())
  await press('Take theirs')
  await vi.waitFor(async () => expect((await field('Name')).value).toBe('Li Mei'))
  expect(closed).not.toHaveBeenCalled()
})

test('what was chosen without typing is asked about, too', async () => {
  await press('choose')
  await press('Close')
  await vi.waitFor(() => expect(document.querySelector('[data-testid=discard]')).not.toBeNull())
  expect(closed).not.toHaveBeenCalled()
  await press('Discard')
  expect(closed).toHaveBeenCalledTimes(1)
})
