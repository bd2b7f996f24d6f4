import { expect, test } from 'vitest'
import type { Field } from '../api/types'
import { seconds, wrongField } from './fieldcheck'

const of =
  (kind: string, more: Partial<Field> = {}) =>
  (v: string) =>
    wrongField({ key: 'k', title: 'K', required: false, secret: false, kind, ...more }, v)?.key

test('each kind of field takes what the gateway takes, and names what it does not', () => {
  const port = of('port')
  expect([port('502'), port('0'), port('99999'), port('x')]).toEqual([undefined, 'port', 'port', 'port'])
  const unit = of('int', { min: 1, max: 247 })
  expect([unit('1'), unit('247'), unit('248'), unit('1.5'), unit('one')]).toEqual([
    undefined,
    undefined,
    'range',
    'int',
    'int',
  ])
  const pause = of('duration', { min: 0.01, max: 60 })
  expect([pause('500ms'), pause('1m'), pause('1m1s'), pause('5'), pause('5 s')]).toEqual([
    undefined,
    undefined,
    'rangeSeconds',
    'duration',
    'duration',
  ])
  const order = of('choice', { options: ['ABCD', 'CDAB'] })
  expect([order('ABCD'), order('DCBA')]).toEqual([undefined, 'choice'])
  const url = of('url', { options: ['rtsp', 'rtsps'] })
  expect([
    url('rtsp://10.1.4.30/live'),
    url('http://x/'),
    url('10.1.4.30'),
    url('rtsp://u:p@x/'),
    url('rtsp://x:99999/'),
    url('rtsp://[fe80::1]:554/'),
  ]).toEqual([undefined, 'scheme', 'url', 'userinfo', 'port', undefined])
  const host = of('host', { options: ['tcp', 'rtu+tcp'] })
  expect([
    host('10.1.4.30:502'),
    host('meter.local'),
    host('fe80::1'),
    host('[fe80::1]:502'),
    host('tcp://a:1'),
    host('ftp://a'),
    host('a b'),
    host('a:99999'),
  ]).toEqual([undefined, undefined, undefined, undefined, undefined, 'scheme', 'host', 'port'])
  const net = of('network')
  expect([net('10.1.4.0/24'), net('fe80::/64'), net('ten')]).toEqual([undefined, undefined, 'network'])
  expect(of('something new')('anything')).toBeUndefined()
  expect(port('  ')).toBeUndefined()
})

test('times are read as Go writes them', () => {
  expect([seconds('1h30m'), seconds('1.5s'), seconds('250ms')]).toEqual([5400, 1.5, 0.25])
  expect([seconds(''), seconds('5'), seconds('5d'), seconds('s')]).toEqual([NaN, NaN, NaN, NaN])
})
