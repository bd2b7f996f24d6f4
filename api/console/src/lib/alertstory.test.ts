import { expect, test } from 'vitest'
import type { Alert, AlertEntry, Calling } from '../api/types'
import { story } from './alertstory'

const at = (s: number) => new Date(Date.UTC(2026, 8, 1, 3, 0, s)).toISOString()
const entry = (n: number, s: number, what: AlertEntry['what']): AlertEntry => ({ n, at: at(s), what })

test('history, calls and commands are one time line', () => {
  const calling = {
    log: [{ at: at(2), due: at(2), step: 0, round: 0, what: 'told', name: 'Chen Wei' }],
  } as Calling
  const commands = [
    {
      id: 'cmd_1',
      state: 'applied',
      made: at(1),
      changed: at(4),
      times: [
        { state: 'accepted', at: at(1) },
        { state: 'sent', at: at(1) },
        { state: 'applied', at: at(4) },
      ],
    },
    { id: 'cmd_2', state: 'expired', made: at(3), changed: at(9) },
  ] as Alert['commands']
  const got = story([entry(16, 0, 'raised'), entry(32, 5, 'acknowledged')], calling, commands!)
  expect(got.map((l) => l.key)).toEqual([
    'h16',
    'cmd_1accepted',
    'cmd_1sent',
    'c0',
    'cmd_2accepted',
    'cmd_1applied',
    'h32',
    'cmd_2expired',
  ])
})

test('an alert that called nobody has its history alone', () => {
  expect(story([entry(16, 0, 'raised')], undefined, undefined).map((l) => l.key)).toEqual(['h16'])
})
