import { beforeEach, expect, test } from 'vitest'
import type { MusterTick } from '../api/types'
import { keep, kept, left, standing, tickOf } from './muster'

const tick = (id: string, word: MusterTick['word'], person = 'li'): MusterTick => ({ id, person, word })

beforeEach(() => localStorage.clear())

test('every tick has an id of its own', () => {
  const all = new Set(Array.from({ length: 50 }, () => tickOf('li', 'safe').id))
  expect(all.size).toBe(50)
})

test('what has arrived waits no more, and a later tick of the same person does', () => {
  const all = [tick('1', 'missing'), tick('2', 'safe')]
  expect(left(all, [all[0]!])).toEqual([all[1]])
})

test('safe outranks missing, whichever came last, and mistaken takes it back', () => {
  expect(standing('li', 'missing', [tick('1', 'safe')])).toBe('safe')
  expect(standing('li', 'safe', [tick('1', 'missing')])).toBe('safe')
  expect(standing('li', 'waiting', [tick('1', 'safe'), tick('2', 'mistaken')])).toBe('waiting')
  const slip = [tick('1', 'missing'), tick('2', 'safe'), tick('3', 'mistaken')]
  expect(standing('li', 'waiting', slip)).toBe('missing')
  expect(standing('li', 'safe', [tick('1', 'mistaken'), tick('2', 'missing')])).toBe('missing')
  expect(standing('li', 'not_sought', [])).toBe('not_sought')
  expect(standing('wu', 'waiting', [tick('1', 'safe')])).toBe('waiting')
})

test('ticks are kept for the user and muster, and nothing of them once all have arrived', () => {
  const all = [tick('1', 'safe')]
  expect(keep('me', 'mus', all)).toBe(true)
  expect(kept('me', 'mus')).toEqual(all)
  expect(kept('you', 'mus')).toEqual([])
  keep('me', 'mus', [])
  expect(localStorage).toHaveLength(0)
  localStorage.setItem('muster me mus', '{"id":1}')
  expect(kept('me', 'mus')).toEqual([])
})
