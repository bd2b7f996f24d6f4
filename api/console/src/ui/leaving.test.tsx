import { MantineProvider } from '@mantine/core'
import { createRoot, type Root } from 'react-dom/client'
import { BrowserRouter, Link, Route, Routes } from 'react-router'
import { useState } from 'react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startLanguages } from '../i18n'
import { watchHistory } from './backasks'
import { LeaveAsks } from './leaving'

let root: Root
let box: HTMLElement

watchHistory() // before any router is rendered, as in the console

beforeEach(() => {
  startLanguages('en')
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  root.unmount()
  box.remove()
})

function Form() {
  const [held, hold] = useState(false)
  return (
    <>
      <LeaveAsks held={held} />
      <button onClick={() => hold(true)}>Type</button>
      <Link to="/other">Away</Link>
      <Link to="/form?tab=2">Tab</Link>
    </>
  )
}

const press = (label: string) =>
  vi.waitFor(() => {
    const b = [...document.querySelectorAll<HTMLElement>('button,a')].find((x) => x.textContent === label)
    if (!b) throw new Error(`no ${label}`)
    b.click()
  })
const at = (path: string) => vi.waitFor(() => expect(window.location.pathname).toBe(path))
const asked = () => vi.waitFor(() => expect(document.body.textContent).toContain('Discard what you typed?'))

function show() {
  window.history.replaceState(null, '', '/start')
  root.render(
    <MantineProvider env="test">
      <BrowserRouter>
        <Routes>
          <Route path="/form" element={<Form />} />
          <Route path="*" element={<Link to="/form">Open</Link>} />
        </Routes>
      </BrowserRouter>
    </MantineProvider>,
  )
}

test('a link away from what was typed asks, and goes when told to', async () => {
  show()
  await press('Open')
  await press('Type')
  await press('Tab') // the same page
  await vi.waitFor(() => expect(window.location.search).toBe('?tab=2'))
  await press('Away')
  await asked()
  expect(window.location.pathname).toBe('/form')
  await press('Go on typing')
  await vi.waitFor(() => expect(document.body.textContent).not.toContain('Discard'))
  await press('Away')
  await press('Discard')
  await at('/other')
})

test('back asks as well; where nothing was typed nobody is asked', async () => {
  show()
  await press('Open')
  await press('Type')
  await at('/form')
  await vi.waitFor(() => expect(document.body.textContent).toContain('Away'))
  window.history.back()
  await asked()
  await at('/form')
  await press('Discard')
  await at('/start')
  await press('Open')
  await press('Away')
  await at('/other')
})
