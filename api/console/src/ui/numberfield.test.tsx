import { MantineProvider } from '@mantine/core'
import { useState } from 'react'
import { flushSync } from 'react-dom'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { NumberField } from './numberfield'

let root: Root
let box: HTMLElement

beforeEach(() => {
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  root.unmount()
  box.remove()
})

let said: number[] = []

function Page() {
  const [n, setN] = useState(3)
  return (
    <MantineProvider>
      <NumberField label="Minutes" min={0} max={99} value={n} onChange={(x) => (said.push(x), setN(x))} />
    </MantineProvider>
  )
}

test('a field that is emptied stays empty while somebody types, and a number is what was typed', () => {
  said = []
  flushSync(() => root.render(<Page />))
  const f = box.querySelector('input')!
  const type = (text: string) =>
    flushSync(() => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(f, text)
      f.dispatchEvent(new Event('input', { bubbles: true }))
    })
  type('')
  expect(f.value).toBe('')
  type('1')
  expect(f.value).toBe('1')
  expect(said).toEqual([1])
  type('')
  flushSync(() => f.dispatchEvent(new FocusEvent('focusout', { bubbles: true })))
  expect(f.value).toBe('1')
  expect(said).toEqual([1])
})
