// A rule's text as a form reads and changes it. Only the values that are changed are replaced in the
// text: what the form does not know, comments and the way it is written stay as they are.

import { isCollection, isMap, isScalar, isSeq, parseDocument, stringify, type Node, type YAMLMap } from 'yaml'

/** What the condition of a rule watches for, where a form can show it. */
export type Watch =
  | { kind: 'threshold'; property: string; test: string; value: string }
  | { kind: 'baseline'; property: string; test: string; value: string } // by how much, such as 50% or 5
  | { kind: 'status'; status: string[] }
  | { kind: 'absent'; property: string; for: string }
  | { kind: 'occurrence'; occurrence: string[] }
  | { kind: 'attendance'; session: string; state: string[] }
  | {
      kind: 'presence'
      inside: string
      who: string[]
      boarder: string // true or false; '': both
      least: string // how many; '': one
      most: string
      within: string
    }

export interface Hours {
  from: string
  to: string
  days: string[]
}

/** What a form shows of a rule. */
export interface Outline {
  id: string
  title: string
  titleZH: string
  severity: string
  watch?: Watch // undefined: the condition is one that only the text can show
  hours?: Hours // only at these hours
  per: string
  lasts: string // "for"
  quiet: string // "clear.after"
  zoneKind: string[]
  zone: string[]
  device: string[]
  profile: string[]
  audible: boolean
  procedure: string
  roles: string[]
  elsewhere: string[] // keys that the rule has and the form does not show
}

/** On which sides of what is usual a baseline looks. */
export const sides = ['above', 'below']
/** The kinds of condition that are about people, and not about devices. */
export const ofPeople = (w?: Watch) => w?.kind === 'attendance' || w?.kind === 'presence'
export const tests = ['above', 'below', 'at_least', 'at_most', 'is', 'is_not']
const shown = ['id', 'title', 'severity', 'where', 'per', 'when', 'for', 'clear', 'then']
const order = [
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

type Path = (string | number)[]

const parse = (text: string) => parseDocument(text, { keepSourceTokens: false, version: '1.2' })

/** What a form shows of a text; undefined where it is no rule of keys and values. */
export function read(text: string): Outline | undefined {
  const doc = parse(text)
  if (doc.errors.length > 0 || !isMap(doc.contents)) return undefined
  const r = doc.contents
  if (r.has('rules')) return undefined
  const words = (path: Path) => listOf(r.getIn(path, true))
  const word = (path: Path) => wordOf(r.getIn(path, true))
  const then = r.get('then', true)
  const actions = isSeq(then) ? then.items : []
  const action = (name: string) =>
    actions.map((a) => (isMap(a) ? a.get(name, true) : undefined)).find((a) => a !== undefined)
  const field = (name: string, key: string) => {
    const a = action(name)
    return isMap(a) ? (a.get(key, true) as Node | undefined) : undefined
  }
  const localized = isMap(r.get('title', true))
  const { watch, hours } = watched(r.get('when', true))
  return {
    id: word(['id']),
    title: localized ? word(['title', 'en']) : word(['title']),
    titleZH: localized ? word(['title', 'zh-CN']) : '',
    severity: word(['severity']),
    watch,
    hours,
    per: word(['per']),
    lasts: word(['for']),
    quiet: word(['clear', 'after']),
    zoneKind: words(['where', 'zone_kind']),
    zone: words(['where', 'zone']),
    device: words(['where', 'device']),
    profile: words(['where', 'profile']),
    audible: wordOf(field('alert', 'audible')) === 'true',
    procedure: wordOf(field('incident', 'procedure')),
    roles: listOf(field('notify', 'roles')),
    elsewhere: r.items.map((x) => wordOf(x.key)).filter((k) => !shown.includes(k)),
  }
}

function watched(when: unknown): { watch?: Watch; hours?: Hours } {
  const alone = condition(when)
  if (alone) return { watch: alone }
  const all = isMap(when) && when.items.length === 1 ? when.get('all', true) : undefined
  if (!isSeq(all) || all.items.length !== 2) return {}
  const at = all.items.findIndex((x) => isMap(x) && x.has('time'))
  const time = at < 0 ? undefined : (all.items[at] as YAMLMap).get('time', true)
  const watch = at < 0 ? undefined : condition(all.items[1 - at])
  if (!watch || !isMap(time) || time.items.some((x) => !['from', 'to', 'days'].includes(wordOf(x.key))))
    return {}
  return {
    watch,
    hours: {
      from: wordOf(time.get('from', true)),
      to: wordOf(time.get('to', true)),
      days: listOf(time.get('days', true)),
    },
  }
}

function condition(c: unknown): Watch | undefined {
  if (!isMap(c)) return undefined
  const keys = c.items.map((x) => wordOf(x.key))
  const only = (...k: string[]) => keys.length === k.length && k.every((x) => keys.includes(x))
  const test = keys.find((k) => k !== 'property')
  if (test && tests.includes(test) && only('property', test))
    return {
      kind: 'threshold',
      property: wordOf(c.get('property', true)),
      test,
      value: wordOf(c.get(test, true)),
    }
  const usual = c.get('baseline', true)
  if (only('baseline') && isMap(usual) && usual.items.length === 2 && usual.has('property')) {
    const by = sides.find((x) => usual.has(x))
    if (by)
      return {
        kind: 'baseline',
        property: wordOf(usual.get('property', true)),
        test: by,
        value: wordOf(usual.get(by, true)),
      }
  }
  if (only('status')) return { kind: 'status', status: listOf(c.get('status', true)) }
  const absent = c.get('absent', true)
  if (only('absent') && isMap(absent) && absent.items.length === 2 && absent.has('for'))
    return {
      kind: 'absent',
      property: wordOf(absent.get('property', true)),
      for: wordOf(absent.get('for', true)),
    }
  const answer = c.get('attendance', true)
  if (only('attendance') && isMap(answer) && answer.items.length === 2 && answer.has('kind'))
    return {
      kind: 'attendance',
      session: wordOf(answer.get('kind', true)),
      state: listOf(answer.get('state', true)),
    }
  const there = c.get('presence', true)
  if (only('presence') && isMap(there) && there.has('inside')) {
    const word = (key: string) => wordOf(there.get(key, true))
    return {
      kind: 'presence',
      inside: word('inside'),
      who: listOf(there.get('kind', true)),
      boarder: word('boarder'),
      least: word('at_least'),
      most: word('at_most'),
      within: word('within'),
    }
  }
  const happened = c.get('occurrence', true)
  if (only('occurrence') && isMap(happened) && happened.items.length === 1 && happened.has('kind'))
    return { kind: 'occurrence', occurrence: listOf(happened.get('kind', true)) }
  return undefined
}

const wordOf = (n: unknown): string =>
  isScalar(n) ? String(n.source ?? n.value ?? '') : n === undefined || n === null ? '' : String(n)

const listOf = (n: unknown): string[] =>
  isSeq(n) ? n.items.map(wordOf) : isScalar(n) && n.value !== null ? [wordOf(n)] : []

/** The text with what a form has changed. */
export function write(text: string, change: Partial<Outline>): string {
  const was = read(text)
  if (!was) return text
  let out = text
  const next = { ...was, ...change }
  const differs = (...keys: (keyof Outline)[]) =>
    keys.some((k) => k in change && JSON.stringify(was[k]) !== JSON.stringify(next[k]))
  if (differs('id')) out = put(out, ['id'], scalar(next.id))
  if (differs('title', 'titleZH')) out = titled(out, was, next)
  if (differs('severity')) out = put(out, ['severity'], scalar(next.severity))
  if (differs('zoneKind')) out = listed(out, ['where', 'zone_kind'], next.zoneKind)
  if (differs('zone')) out = listed(out, ['where', 'zone'], next.zone)
  if (differs('device')) out = listed(out, ['where', 'device'], next.device)
  if (differs('profile')) out = listed(out, ['where', 'profile'], next.profile)
  if (differs('watch', 'hours') && next.watch) out = rewatched(out, was, next)
  if (differs('per')) out = next.per ? put(out, ['per'], scalar(next.per)) : take(out, ['per'])
  if (differs('lasts')) out = next.lasts ? put(out, ['for'], next.lasts) : take(out, ['for'])
  if (differs('quiet'))
    out = next.quiet ? put(out, ['clear', 'after'], next.quiet) : take(out, ['clear', 'after'])
  if (differs('audible')) out = acted(out, 'alert', 'audible', next.audible ? 'true' : '')
  if (differs('procedure'))
    out = acted(out, 'incident', 'procedure', next.procedure && scalar(next.procedure))
  if (differs('roles')) out = acted(out, 'notify', 'roles', next.roles.length ? flow(next.roles) : '')
  return out
}

function titled(text: string, was: Outline, next: Outline): string {
  const r = parse(text).contents
  if (isMap(r) && isMap(r.get('title', true))) {
    let out = text
    if (was.title !== next.title) out = put(out, ['title', 'en'], scalar(next.title))
    if (was.titleZH !== next.titleZH)
      out = next.titleZH ? put(out, ['title', 'zh-CN'], scalar(next.titleZH)) : take(out, ['title', 'zh-CN'])
    return out
  }
  const both = `{en: ${scalar(next.title)}, zh-CN: ${scalar(next.titleZH)}}`
  return put(text, ['title'], next.titleZH ? both : scalar(next.title))
}

// A changed value of the same kind of condition is replaced alone; another kind replaces the condition.
function rewatched(text: string, was: Outline, next: Outline): string {
  const [a, b] = [was.watch, next.watch!]
  const sameHours = JSON.stringify(was.hours) === JSON.stringify(next.hours)
  const at: Path = was.hours ? ['when', 'all', conditionAt(text)] : ['when']
  if (a?.kind === b.kind && sameHours) {
    if (a.kind === 'threshold' && b.kind === 'threshold' && a.test === b.test) {
      let out = text
      if (a.property !== b.property) out = put(out, [...at, 'property'], scalar(b.property))
      return a.value === b.value ? out : put(out, [...at, a.test], bare(b.value))
    }
    return put(text, at, conditioned(b))
  }
  if (next.hours && was.hours && a?.kind === b.kind && !sameHours)
    return put(text, ['when', 'all', 1 - conditionAt(text)], timed(next.hours))
  const whole = next.hours ? `{all: [${conditioned(b)}, ${timed(next.hours)}]}` : conditioned(b)
  return put(text, ['when'], whole)
}

function conditionAt(text: string): number {
  const all = (parse(text).contents as YAMLMap).getIn(['when', 'all'], true)
  return isSeq(all) && isMap(all.items[0]) && all.items[0].has('time') ? 1 : 0
}

function conditioned(w: Watch): string {
  switch (w.kind) {
    case 'threshold':
      return `{property: ${scalar(w.property)}, ${w.test}: ${bare(w.value)}}`
    case 'baseline':
      return `{baseline: {property: ${scalar(w.property)}, ${w.test}: ${bare(w.value)}}}`
    case 'status':
      return `{status: ${flow(w.status)}}`
    case 'absent':
      return `{absent: {property: ${scalar(w.property)}, for: ${w.for}}}`
    case 'attendance':
      return `{attendance: {kind: ${scalar(w.session)}, state: ${flow(w.state)}}}`
    case 'presence': {
      const keys = [
        ['inside', scalar(w.inside)],
        ['kind', w.who.length ? flow(w.who) : ''],
        ['boarder', w.boarder],
        ['at_least', w.least && bare(w.least)],
        ['at_most', w.most && bare(w.most)],
        ['within', w.within],
      ].filter(([, v]) => v)
      return `{presence: {${keys.map(([k, v]) => `${k}: ${v}`).join(', ')}}}`
    }
    case 'occurrence':
      return `{occurrence: {kind: ${flow(w.occurrence)}}}`
  }
}

function timed(h: Hours): string {
  const days = h.days.length > 0 && h.days.length < 7 ? `, days: ${flow(h.days)}` : ''
  return `{time: {from: "${h.from}", to: "${h.to}"${days}}}`
}

/** A value as it stands in braces; numbers and truth as they are, other texts quoted where need be. */
const scalar = (v: string) => flowText(v)
const bare = (v: string) => (/^(-?\d+(\.\d+)?|true|false)$/.test(v.trim()) ? v.trim() : flowText(v))
const flow = (v: string[]) => (v.length === 1 ? flowText(v[0]) : `[${v.map(flowText).join(', ')}]`)

function flowText(v: string): string {
  const plain = stringify([v], { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim()
  return plain.slice(1, -1).trim()
}

const listed = (text: string, path: Path, v: string[]) =>
  v.length ? put(text, path, flow(v)) : take(text, path)

/** Sets a key of an action; an action that is left without keys goes, but for alert. */
function acted(text: string, name: string, key: string, value: string): string {
  const r = parse(text).contents as YAMLMap
  const then = r.get('then', true)
  const items = isSeq(then) ? then.items : []
  const at = items.findIndex((a) => isMap(a) && a.has(name))
  if (at >= 0) {
    const path: Path = ['then', at, name]
    if (value) return put(text, [...path, key], value)
    const a = r.getIn(path, true)
    const last = !isMap(a) || a.items.length <= 1
    return last && name !== 'alert' ? take(text, ['then', at]) : take(text, [...path, key])
  }
  if (!value) return text
  const made = `${name}: {${key}: ${value}}`
  if (!isSeq(then)) return put(text, ['then'], name === 'alert' ? `[{${made}}]` : `[{alert: {}}, {${made}}]`)
  return push(text, then, made)
}

function push(text: string, seq: Node & { items: unknown[]; flow?: boolean }, made: string): string {
  const [from, to] = seq.range!
  if (seq.flow || seq.items.length === 0) {
    const close = text.lastIndexOf(']', to)
    return text.slice(0, close) + (seq.items.length ? ', ' : '') + `{${made}}` + text.slice(close)
  }
  const begin = text.lastIndexOf('\n', from - 1) + 1
  const indent = text.slice(begin, from).match(/^\s*/)![0]
  const end = lineEnd(text, to)
  return text.slice(0, end) + `\n${indent}- ${made}` + text.slice(end)
}

// The end of the last line that a node has something on.
function lineEnd(text: string, to: number): number {
  const kept = text.slice(0, to).trimEnd().length
  const end = text.indexOf('\n', kept)
  return end < 0 ? text.length : end
}

/** Puts a value at a path, and the maps that are missing on the way. */
function put(text: string, path: Path, value: string): string {
  const doc = parse(text)
  const root = doc.contents as YAMLMap
  const there = root.getIn(path, true) as Node | undefined
  if (there?.range) {
    const [from, to] = there.range
    // A block's range goes to the begin of the next line: the value ends where its last line does.
    const end = isCollection(there) && !there.flow ? from + text.slice(from, to).trimEnd().length : to
    const block = isCollection(there) && !there.flow
    const begin = block ? from - (/\s*$/.exec(text.slice(0, from))?.[0].length ?? 0) : from
    return text.slice(0, begin) + (block ? ' ' : '') + value + text.slice(end)
  }
  const key = String(path.at(-1))
  const parent = path.slice(0, -1)
  const over = parent.length ? (root.getIn(parent, true) as Node | undefined) : root
  if (!isMap(over)) {
    return parent.length ? put(text, parent, `{${key}: ${value}}`) : text
  }
  if (over.flow || over.items.length === 0) {
    const close = text.lastIndexOf('}', over.range![1])
    return text.slice(0, close) + (over.items.length ? ', ' : '') + `${key}: ${value}` + text.slice(close)
  }
  const first = over.items[0].key as Node
  const indent = ' '.repeat(first.range![0] - (text.lastIndexOf('\n', first.range![0] - 1) + 1))
  // After the last key that goes before it, in the order of the manual.
  const rank = (k: unknown) => order.indexOf(wordOf(k))
  const before = parent.length
    ? over.items
    : over.items.filter((x) => rank(x.key) <= order.indexOf(key) || rank(x.key) < 0)
  const last = before.at(-1) ?? over.items[0]
  const node = (last.value ?? last.key) as Node
  const end = lineEnd(text, node.range ? node.range[1] : (last.key as Node).range![1])
  return text.slice(0, end) + `\n${indent}${key}: ${value}` + text.slice(end)
}

/** Takes a key, or an item of a list, away; a map or list that is empty then goes, too. */
function take(text: string, path: Path): string {
  const root = parse(text).contents as YAMLMap
  const parent = path.slice(0, -1)
  const over = (parent.length ? root.getIn(parent, true) : root) as Node | undefined
  const key = path.at(-1)!
  if (isSeq(over)) {
    const item = over.items[Number(key)] as Node | undefined
    if (!item?.range) return text
    if (over.items.length === 1) return take(text, parent)
    if (over.flow) return cut(text, item.range[0], item.range[1])
    const begin = text.lastIndexOf('\n', text.lastIndexOf('-', item.range[0])) + 1
    return text.slice(0, begin) + text.slice(Math.min(text.length, lineEnd(text, item.range[1]) + 1))
  }
  if (!isMap(over)) return text
  const pair = over.items.find((x) => wordOf(x.key) === key)
  const from = (pair?.key as Node | undefined)?.range?.[0]
  if (!pair || from === undefined) return text
  const alone = over.items.length === 1
  const gone = alone && parent.length > 0 && parent[0] !== 'then'
  if (gone) return take(text, parent)
  const value = (pair.value ?? pair.key) as Node
  const to = value.range ? value.range[1] : (pair.key as Node).range![1]
  if (alone && !over.flow) return put(text, parent, '{}')
  if (over.flow) return cut(text, from, to)
  const begin = text.lastIndexOf('\n', from - 1) + 1
  return text.slice(0, begin) + text.slice(Math.min(text.length, lineEnd(text, to) + 1))
}

// Cuts something out of braces, with its comma.
function cut(text: string, from: number, to: number): string {
  const after = /^\s*,\s*/.exec(text.slice(to))
  if (after) return text.slice(0, from) + text.slice(to + after[0].length)
  const before = /\s*,\s*$/.exec(text.slice(0, from))
  return text.slice(0, from - (before?.[0].length ?? 0)) + text.slice(to)
}

/** An id for a title: its Latin letters and digits, or a time. */
export function idOf(title: string, now: number): string {
  const id = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return id || 'rule-' + now.toString(36)
}
