import { expect, test } from 'vitest'
import { endOf, halfWidth, halfWidthAll, offsetOf, suggestions } from './complete'

const known = { property: [{ word: 'co2', says: 'CO₂' }, { word: 'temperature' }] }
const words = (text: string) => suggestions(text, text.length, known)?.words.map((x) => x.word.trim())

test('what can stand at a place', () => {
  expect(words('sev')).toEqual(['severity:'])
  expect(words('severity: ma')).toEqual(['major'])
  expect(words('when: {pro')).toEqual(['property:'])
  expect(words('when: {property: te')).toEqual(['temperature'])
  expect(words('when: {property: co2, abo')).toEqual(['above:'])
  expect(words('where: {zone_kind: [classroom, do')).toEqual(['dorm', 'corridor', 'outdoor'])
  expect(words('when:\n  all:\n    - {sta')).toEqual(['status:'])
  expect(words('when:\n  sta')).toEqual(['status:'])
  expect(words('when:\n  all: []\nsev')).toEqual(['severity:'])
  expect(words('clear: {after: 1m, when: {property: co2, below: 9}, unk')).toEqual(['unknown:'])
  expect(words('# sev')).toBeUndefined()
  expect(words('title: sev')).toBeUndefined()
})

test('what nobody asked for is not shown', () => {
  expect(suggestions('for: 5m', 7, known)?.whole).toBe(true)
  expect(suggestions('', 0, known)?.whole).toBe(true)
  expect(suggestions('for: 1', 6, known)?.whole).toBe(false)
})

test('places count characters, and end with the line', () => {
  const text = 'title: 𠮷熱\nfor: 1m'
  expect(text.slice(offsetOf(text, 1, 9))).toBe('熱\nfor: 1m')
  expect(text.slice(offsetOf(text, 2, 6))).toBe('1m')
  expect(endOf(text, offsetOf(text, 1, 8), 9)).toBe(text.indexOf('\n'))
  expect(offsetOf(text, 9, 1)).toBe(text.length)
})

test('Chinese punctuation becomes that of YAML, but not in quotes or comments', () => {
  expect(halfWidth('when：｛property：co2，above：3｝')).toBe('when: {property: co2, above: 3}')
  expect(halfWidth('title: "热：坏" ，# 注：')).toBe('title: "热：坏" , # 注：')
  expect(halfWidth('for: 1m')).toBeUndefined()
  expect(
    halfWidthAll('id：warm\ntitle：校门：太热，请看\nwhen： {property： co2， above： 3}\nfor: 1m\n'),
  ).toBe('id: warm\ntitle: 校门：太热，请看\nwhen: {property: co2, above: 3}\nfor: 1m\n')
  expect(halfWidthAll('title： {en： Too warm， zh-CN： 太热}')).toBe('title: {en: Too warm, zh-CN: 太热}')
})
