import { afterEach, beforeEach, expect, test } from 'vitest'
import { tellLimits } from './limits'

let field: HTMLInputElement
let told: number[]
let stop: () => void

beforeEach(() => {
  field = document.body.appendChild(document.createElement('input'))
  field.maxLength = 5
  told = []
  stop = tellLimits((max) => told.push(max))
})
afterEach(() => {
  stop()
  field.remove()
})

const put = (inputType: string, data: string) =>
  field.dispatchEvent(new InputEvent('beforeinput', { inputType, data, bubbles: true }))

test('what a full field leaves out is told', () => {
  put('insertFromPaste', 'abcde')
  expect(told).toEqual([])
  put('insertFromPaste', 'abcdef')
  expect(told).toEqual([5])
  field.value = 'abcde'
  field.setSelectionRange(5, 5)
  put('insertText', 'f')
  expect(told).toEqual([5, 5])
})

test('what is written over a selection needs no more room', () => {
  field.value = 'abcde'
  field.setSelectionRange(1, 3)
  put('insertText', 'fg')
  put('deleteContentBackward', '')
  expect(told).toEqual([])
})

test('a word of an input method is held against the room there was before it', () => {
  field.value = 'abcd'
  field.setSelectionRange(4, 4)
  const compose = (kind: string, data: string) =>
    field.dispatchEvent(Object.assign(new Event(kind, { bubbles: true }), { data }))
  compose('compositionstart', '')
  put('insertCompositionText', 'ni hao')
  expect(told).toEqual([])
  compose('compositionend', '你好')
  expect(told).toEqual([5])
})

test('a field without a limit is left alone', () => {
  field.removeAttribute('maxlength')
  put('insertFromPaste', 'abcdefghij')
  expect(told).toEqual([])
})
