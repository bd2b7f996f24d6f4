// What can be written at a place of a rule: keys by what they stand in, and values by their key.

import { sessionKinds } from '../../api/types'

export interface Word {
  word: string
  says?: string
}

/** The values that the school has, by key of the language. */
export type Known = Record<string, Word[]>

const top = [
  'id',
  'title',
  'severity',
  'where',
  'per',
  'when',
  'for',
  'fresh',
  'clear',
  'unless',
  'once',
  'rises',
  'muted_by',
  'then',
]
const compared = ['property', 'above', 'below', 'at_least', 'at_most', 'is', 'is_not', 'one_of']
const condition = [
  'property',
  'status',
  'absent',
  'count',
  'time',
  'rate',
  'baseline',
  'level',
  'attendance',
  'presence',
  'share',
  'all',
  'any',
  'not',
  'sighting',
  'change',
  'occurrence',
  'sequence',
]
const explains = ['sighting', 'same', 'within', 'before', 'after', 'explains']

// The keys that may stand in a key. A condition that has begun with a property goes on with comparisons.
const inside: Record<string, string[]> = {
  '': top,
  title: ['en', 'zh-CN'],
  where: ['school', 'building', 'floor', 'zone', 'zone_kind', 'device', 'profile', 'type', 'driver'],
  when: condition,
  all: condition,
  any: condition,
  not: condition,
  of: condition,
  steps: condition,
  absent: ['property', 'for'],
  count: ['of', 'at_least', 'within', 'distinct'],
  time: ['from', 'to', 'days'],
  rate: ['property', 'over', 'above', 'below', 'rollover'],
  baseline: ['property', 'above', 'below', 'over', 'rollover', 'weeks'],
  share: ['of', 'at_least', 'devices'],
  sighting: ['person', 'method', 'direction', 'reason', 'who', 'card'],
  change: ['property', 'from', 'to', 'by'],
  occurrence: ['kind', 'data'],
  sequence: ['steps', 'within'],
  attendance: ['kind', 'state'],
  presence: ['inside', 'kind', 'boarder', 'at_least', 'at_most', 'within'],
  clear: ['after', 'when', 'unknown'],
  unless: explains,
  once: ['every', 'per'],
  rises: ['severity', 'after', 'when'],
  muted_by: ['rule', 'same'],
  then: ['alert', 'incident', 'command', 'notify'],
  alert: ['audible'],
  incident: ['procedure', 'handover', 'gather', 'within'],
  handover: ['approver'],
  command: ['device', 'zone', 'type', 'profile', 'action', 'values'],
  notify: ['roles'],
}

const places = ['device', 'zone', 'floor', 'building', 'driver', 'school', 'behind']
const roles = ['security', 'admin', 'facility', 'teacher']

// Values that do not depend on the school, by key; those of "in.key" go before.
const fixed: Record<string, string[]> = {
  severity: ['info', 'warning', 'major', 'critical'],
  per: ['device', 'zone', 'floor', 'building', 'person', 'track', 'driver', 'school'],
  'once.per': ['device', 'zone', 'floor', 'building', 'person', 'school'],
  'unless.same': ['zone', 'device', 'school'],
  'attendance.kind': [...sessionKinds],
  'attendance.state': ['absent', 'late', 'left_early', 'unknown'],
  'presence.inside': ['school', 'building', 'floor', 'zone'],
  'presence.kind': ['student', 'staff', 'guardian', 'visitor'],
  'presence.within': ['15m', '1h', '4h'],
  boarder: ['true', 'false'],
  gather: ['building', 'zone', 'school', 'none'],
  every: ['5m', '15m', '1h'],
  over: ['10m', '1h', '24h'],
  same: places,
  status: ['online', 'offline', 'fault', 'flapping', 'driver_down'],
  zone_kind: ['gate', 'canteen', 'dorm', 'laboratory', 'classroom', 'office', 'corridor', 'outdoor', 'other'],
  type: ['camera', 'terminal', 'class_board', 'pos', 'sensor', 'other'],
  person: ['known', 'unknown'],
  method: ['face', 'card', 'qr', 'pin', 'plate', 'manual'],
  direction: ['in', 'out'],
  unknown: ['ends', 'stays'],
  distinct: ['person', 'card', 'track'],
  days: ['mon-fri', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  audible: ['true', 'false'],
  is: ['true', 'false'],
  is_not: ['true', 'false'],
  roles,
  approver: roles,
  kind: ['alarm', 'door', 'sale', 'tamper'],
  for: ['30s', '5m', '15m', '1h'],
  after: ['30s', '1m', '5m'],
  within: ['10s', '1m', '5m', '15m'],
}

const most = 12

interface Open {
  key: string // in which the braces stand
  map: boolean
}

/** Where the caret is: the keys that it is in, the key whose value is begun, and what is typed of it. */
export function contextOf(text: string, caret: number): { within: string[]; key: string; typed: string } {
  const lines = text.slice(0, caret).split('\n')
  const current = lines.pop() ?? ''
  const block: { indent: number; key: string }[] = []
  for (const line of lines) {
    const m = /^([\s-]*)([A-Za-z_-]+):(.*)$/.exec(line)
    if (!m || m[1].includes('#')) continue
    while (block.length && block.at(-1)!.indent >= m[1].length) block.pop()
    block.push({ indent: m[1].length, key: m[2] })
    const rest = m[3].trim()
    if (rest && !rest.startsWith('#') && !unclosed(rest)) block.pop() // its value is complete
  }
  const indent = /^[\s-]*/.exec(current)![0].length
  const open: Open[] = []
  const flow = lines.length > 0 && block.length > 0 ? unclosed(lines.at(-1)!) : 0
  if (!flow) while (block.length && block.at(-1)!.indent >= indent) block.pop()
  let key = ''
  let typed = ''
  const line = current.slice(indent)
  for (let i = 0; i < line.length; i++) {
    const c = line[i]
    if (c === '{' || c === '[') {
      open.push({ key, map: c === '{' })
      if (c === '{') key = ''
      typed = ''
    } else if (c === '}' || c === ']') {
      key = open.pop()?.key ?? ''
      typed = ''
    } else if (c === ',') {
      if (open.at(-1)?.map !== false) key = ''
      typed = ''
    } else if (c === ':' && /^[A-Za-z_-]+$/.test(typed) && !key) {
      key = typed
      typed = ''
    } else if (c !== ' ' || typed) typed += c
  }
  const within = [...block.map((b) => b.key), ...open.map((o) => o.key)].filter(Boolean)
  return { within, key, typed: typed.replace(/^["']/, '') }
}

function unclosed(s: string): number {
  const bare = s.replace(/"(?:[^"\\]|\\.)*"|'[^']*'|#.*$/g, '')
  return (bare.match(/[{[]/g) ?? []).length - (bare.match(/[}\]]/g) ?? []).length
}

/** The words that may stand at the caret, and where the word begins that is being typed. */
export function suggestions(text: string, caret: number, known: Known): Suggestions | undefined {
  const begin = text.lastIndexOf('\n', caret - 1) + 1
  if (/^\s*#|\s#/.test(text.slice(begin, caret))) return undefined
  const { within, key, typed } = contextOf(text, caret)
  const parent = within.at(-1) ?? ''
  const from = caret - typed.length
  if (!key) {
    const inHere = within.includes('data') || within.includes('values') ? [] : (inside[parent] ?? [])
    const begun = /\bproperty:[^{}[\]]*$/.test(text.slice(begin, caret)) && condition === inside[parent]
    return pick(
      from,
      typed,
      (begun ? compared : inHere).map((k) => ({ word: k + ': ' })),
    )
  }
  if (key === 'title' || key === 'id') return undefined
  if (inside[key] && !typed && key !== 'notify')
    return pick(
      from,
      typed,
      inside[key].map((k) => ({ word: list.has(key) ? `[{${k}: ` : `{${k}: ` })),
    )
  const words =
    known[parent + '.' + key] ??
    fixed[parent + '.' + key]?.map((word) => ({ word })) ??
    known[key] ??
    fixed[key]?.map((word) => ({ word }))
  const same = (key === 'device' || key === 'zone') && parent === 'command' ? [{ word: 'same' }] : []
  return words && pick(from, typed, [...same, ...words])
}

const list = new Set(['all', 'any', 'steps', 'rises', 'muted_by', 'then'])

export interface Suggestions {
  from: number // where the word that is typed begins
  words: Word[]
  whole: boolean // nothing is typed yet, or a word is complete: they are shown on demand only
}

function pick(from: number, typed: string, all: Word[]): Suggestions {
  const low = typed.toLowerCase()
  const fits = all.filter((x) => x.word.toLowerCase().includes(low) || x.says?.toLowerCase().includes(low))
  const first = (x: Word) => (x.word.toLowerCase().startsWith(low) ? 0 : 1)
  const words = fits.filter((x) => x.word.trim() !== typed).sort((a, b) => first(a) - first(b))
  const whole = !typed || all.some((x) => x.word.trim().replace(/:$/, '') === typed)
  return { from, words: words.slice(0, most), whole }
}

/** The offset of a line and column, both from 1; columns count characters. */
export function offsetOf(text: string, line: number, column: number): number {
  let at = 0
  for (let n = 1; n < line; n++) {
    const end = text.indexOf('\n', at)
    if (end < 0) return text.length
    at = end + 1
  }
  for (let n = 1; n < column && at < text.length && text[at] !== '\n'; n++) at += sizeAt(text, at)
  return at
}

/** The offset after so many characters more, at most the end of the line. */
export function endOf(text: string, from: number, length: number): number {
  let at = from
  for (let n = 0; n < length && at < text.length && text[at] !== '\n'; n++) at += sizeAt(text, at)
  return at
}

const sizeAt = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)

const half: Record<string, string> = {
  '：': ': ',
  '，': ', ',
  '、': ', ',
  '｛': '{',
  '｝': '}',
  '【': '[',
  '】': ']',
  '［': '[',
  '］': ']',
  '“': '"',
  '”': '"',
  '‘': "'",
  '’': "'",
  '　': ' ',
}

/** A line whose Chinese punctuation is YAML's, outside of quotes; undefined: it has none. */
export function halfWidth(line: string): string | undefined {
  let quote = ''
  let out = ''
  let at = 0
  for (const c of line) {
    at += c.length
    if (quote) {
      if (c === quote) quote = ''
      out += c
      continue
    }
    if (c === '#') return changed(line, out + line.slice(at - 1))
    if (c === '"' || c === "'") quote = c
    out += half[c] ?? c
  }
  return changed(line, out.replace(/([:,]) +/g, '$1 '))
}

// a key whose value people write as they like, up to that value
const free = /^(\s*(?:- *)?(?:title|title_zh|note|text|why) *)[:：] *(?=[^\s{｛[［])/

/** A text with YAML's punctuation in each line; titles and texts without quotes keep their own. */
export const halfWidthAll = (text: string): string =>
  text
    .split('\n')
    .map((l) => (free.test(l) ? l.replace(free, '$1: ') : (halfWidth(l) ?? l)))
    .join('\n')

const changed = (was: string, is: string) => (was === is ? undefined : is)
