import { expect, test } from 'vitest'
import type { Occurrence } from '../api/types'
import { en } from '../i18n/en'
import { zh } from '../i18n/zh'
import { local, valueText } from './format'
import { said } from './occurrence'

const door = {
  title: 'Door',
  title_zh: '门',
  data: {
    what: { type: 'string' as const },
    door: { type: 'number' as const, title: 'Door no.', title_zh: '门号' },
    open_for: { type: 'number' as const, title: 'Open for', title_zh: '开启时长', unit: 's' },
  },
}

function words(lang: string) {
  const all = lang === 'zh' ? zh : en
  const t = (key: string, p?: Record<string, string>) => {
    const [space, word] = key.split('.') as ['occurrenceKind' | 'occurrenceWhat', string]
    return (all[space] as Record<string, string>)[word] ?? p?.defaultValue ?? ''
  }
  return (o: Partial<Occurrence>, event?: typeof door) => {
    const r = said(
      o as Occurrence,
      event,
      t,
      (a, b) => local(lang, a, b),
      (v, p) => valueText(v, p, lang, 'yes', 'no'),
    )
    return r.data ? `${r.title}: ${r.data}` : r.title
  }
}

test('the profile says what it is called', () => {
  const o = { kind: 'door', data: { open_for: 40, what: 'held', door: 2 } }
  expect(words('en')(o, door)).toBe('Door: held open · Door no. 2 · Open for 40 s')
  expect(words('zh')(o, door)).toBe('门: 长时间未关 · 门号 2 · 开启时长 40 s')
})

test('where the profile is gone, the common kinds have words and others are as they are', () => {
  expect(words('en')({ kind: 'tamper' })).toBe('Tampering')
  expect(words('zh')({ kind: 'tamper' })).toBe('设备被拆动')
  expect(words('zh')({ kind: 'ringing', data: { what: 'twice', n: true } })).toBe('ringing: twice · n yes')
})
