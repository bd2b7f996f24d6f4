import { createRoot, type Root } from 'react-dom/client'
import { act } from 'react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepOrder, useStillOrder } from './stillorder'

let root: Root
let box: HTMLElement

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.useFakeTimers()
  box = document.body.appendChild(document.createElement('div'))
  root = createRoot(box)
})
afterEach(() => {
  act(() => root.unmount())
  box.remove()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function Wall({ ids }: { ids: string[] }) {
  const still = useStillOrder(ids, (x) => x, 'article')
  return (
    <div data-testid="wall" {...still.pointer}>
      {still.rows.map((x) => (
        <article key={x} data-gone={still.gone(x) || undefined}>
          {x}
        </article>
      ))}
    </div>
  )
}

const show = (...ids: string[]) => act(() => root.render(<Wall ids={ids} />))
const seen = () =>
  [...box.querySelectorAll('article')].map((x) => x.textContent + (x.dataset.gone ? ' gone' : ''))
const point = (type: string, at: EventTarget = box.querySelector('article')!) =>
  act(() => void at.dispatchEvent(new PointerEvent(type, { bubbles: true })))
const pass = (ms: number) => act(() => void vi.advanceTimersByTime(ms))

test('what is there keeps its place, what is new comes last', () => {
  const row = (id: string, n = 0) => ({ id, n })
  const kept = keepOrder([row('a'), row('b')], [row('c'), row('b', 1)], (r) => r.id)
  expect(kept).toEqual([row('a'), row('b', 1), row('c')])
})

test('a card stays under the pointer, and the order is as it should be once nobody aims', () => {
  show('a', 'b')
  point('pointermove')
  show('c', 'b')
  expect(seen()).toEqual(['a gone', 'b', 'c'])
  pass(2900)
  expect(seen()).toEqual(['a gone', 'b', 'c'])
  pass(200)
  expect(seen()).toEqual(['c', 'b'])
})

test('a press holds the order until it is over', () => {
  show('a', 'b')
  point('pointerdown')
  show('b', 'a')
  pass(5000)
  expect(seen()).toEqual(['a', 'b'])
  point('pointerup', window)
  pass(2900)
  expect(seen()).toEqual(['a', 'b'])
  pass(200)
  expect(seen()).toEqual(['b', 'a'])
})

test('whoever never stops aiming sees what is new after a while', () => {
  show('a')
  for (let ms = 0; ms < 14_000; ms += 1000) {
    point('pointermove')
    if (ms === 1000) show('b', 'a')
    pass(1000)
  }
  expect(seen()).toEqual(['a', 'b'])
  point('pointermove')
  pass(1001)
  expect(seen()).toEqual(['b', 'a'])
})

function Waiting({ ids }: { ids: string[] }) {
  const still = useStillOrder(ids, (x) => x, 'article', true)
  return (
    <div {...still.pointer}>
      <button onClick={still.release}>{still.waiting.join(' ')}</button>
      {still.rows.map((x) => (
        <article key={x}>{x}</article>
      ))}
    </div>
  )
}

test('what is new waits while somebody points, and is shown by a press, by leaving or after half a minute', () => {
  const wall = (...ids: string[]) => act(() => root.render(<Waiting ids={ids} />))
  const button = () => box.querySelector('button')!
  wall('a')
  point('pointermove')
  wall('b', 'a')
  pass(29_000)
  expect([button().textContent, ...seen()]).toEqual(['b', 'a'])
  act(() => button().click())
  expect([button().textContent, ...seen()]).toEqual(['', 'b', 'a'])
  point('pointermove')
  wall('c', 'b', 'a')
  expect(button().textContent).toBe('c')
  pass(31_000)
  expect([button().textContent, ...seen()]).toEqual(['', 'c', 'b', 'a'])
})
