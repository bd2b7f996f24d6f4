import { expect, test } from 'vitest'
import {
  age,
  bytes,
  clock,
  dayIn,
  instantIn,
  local,
  moment,
  timeOf,
  unitText,
  valueText,
  wallIn,
} from './format'

const sh = { lang: 'en', zone: 'Asia/Shanghai' }

test('times are shown in the school, not in the browser', () => {
  expect(clock(sh, '2026-03-01T00:05:09Z')).toBe('08:05:09')
  expect(clock(sh, '2026-02-28T16:00:00Z', false)).toBe('00:00')
  expect(moment(sh, '2026-03-01T00:05:09Z')).toContain('08:05')
  expect(dayIn('Asia/Shanghai', Date.parse('2026-02-28T16:00:00Z'))).toBe('2026-03-01')
  expect(clock({ lang: 'en', zone: 'No/Where' }, '2026-03-01T00:05:09Z')).toBe('00:05:09')
})

test('never is a dash', () => {
  for (const s of [undefined, '', '0001-01-01T00:00:00Z', 'soon']) {
    expect(timeOf(s)).toBeUndefined()
    expect(clock(sh, s)).toBe('–')
    expect(moment(sh, s)).toBe('–')
  }
})

test('ages grow coarse and are never negative', () => {
  const u = (x: string, n: number) => `${n} ${x}`
  expect([-5_000, 0, 59_999, 60_000, 3_599_000, 3_600_000, 90_000_000].map((ms) => age(ms, u))).toEqual([
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 h',
    '1 d',
  ])
})

test('values carry their units', () => {
  expect(valueText(21.456, { unit: 'Cel' }, 'en', 'yes', 'no')).toBe('21.5 °C')
  expect(valueText(1234.5, { unit: '[ppm]' }, 'en', 'yes', 'no')).toBe('1,234.5 ppm')
  expect(valueText(0.125, undefined, 'en', 'yes', 'no')).toBe('0.13')
  expect(valueText(40, { unit: '%' }, 'en', 'yes', 'no')).toBe('40%')
  expect(valueText(true, undefined, 'zh-CN', '是', '否')).toBe('是')
  expect(valueText('', undefined, 'en', 'yes', 'no')).toBe('–')
  expect(valueText(null, undefined, 'en', 'yes', 'no')).toBe('–')
  expect(unitText('furlong')).toBe('furlong')
})

test('bytes', () => {
  expect([0, 999, 1500, 2_340_000_000].map((n) => bytes(n, 'en'))).toEqual(['0 B', '999 B', '2 kB', '2.3 GB'])
})

test('a missing translation falls back', () => {
  expect(local('zh-CN', 'Gate', '大门')).toBe('大门')
  expect(local('zh-CN', 'Gate', '')).toBe('Gate')
  expect(local('en', 'Gate', '大门')).toBe('Gate')
})

test('wall times go to instants and back, through clock changes', () => {
  expect(instantIn('Asia/Shanghai', '2026-03-01T08:00')).toBe('2026-03-01T00:00:00Z')
  expect(wallIn('Asia/Shanghai', '2026-03-01T00:00:00Z')).toBe('2026-03-01T08:00')
  expect(instantIn('Europe/Berlin', '2026-07-01T08:00')).toBe('2026-07-01T06:00:00Z')
  for (const wall of ['2026-03-29T01:59', '2026-03-29T03:00', '2026-10-25T00:30', '2026-10-25T04:00']) {
    expect(wallIn('Europe/Berlin', instantIn('Europe/Berlin', wall))).toBe(wall)
  }
  expect(instantIn('UTC', 'soon')).toBe('')
})

test('an annotation of UCUM is no unit', () => {
  expect(unitText('{face}')).toBe('')
  expect(unitText('{frame}/s')).toBe('/s')
  expect(unitText('Cel')).toBe('°C')
})
