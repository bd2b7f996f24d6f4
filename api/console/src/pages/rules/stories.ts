// A first story for a rule: what its form shows happens, and then is over.

import type { Outline, Watch } from './outline'

/** A test in the language of stories; of a condition that no form shows, a frame to fill in. */
export function storyOf(o: Outline | undefined): string {
  const w = o?.watch
  if (o && (w?.kind === 'presence' || w?.kind === 'attendance')) return storyOfPeople(o, w)
  const room = o?.zoneKind[0] ?? 'classroom'
  const start = o?.hours?.from ?? '09:00'
  const it = w && w.kind !== 'presence' && w.kind !== 'attendance' ? told(w) : undefined
  const expects = JSON.stringify(o?.title || o?.id || 'the title of the rule')
  const step = (parts: string[]) => `      - {${parts.filter(Boolean).join(', ')}}\n`
  const lasts = o?.lasts ? `after: ${o.lasts}` : ''
  const over = o?.quiet ? `after: ${o.quiet}` : ''
  return (
    'tests:\n' +
    `  - name: ${JSON.stringify(o?.title || 'It fires, and it ends')}\n` +
    `    start: mon ${start}\n` +
    `    rooms: {room: ${room}}\n` +
    `    devices: {device: {room: room${w?.kind === 'baseline' ? `, reports_changes: ${w.property}` : ''}}}\n` +
    '    story:\n' +
    (w?.kind === 'baseline' ? usually(start, it!.over) : '') +
    (w?.kind === 'absent' ? step(['device: device', it!.over]) : '') +
    (w?.kind === 'absent' ? step([`after: ${w.for}`, `expect: ${expects}`]) : '') +
    (it && w?.kind !== 'absent'
      ? step([w?.kind === 'baseline' ? `at: "${start}"` : '', 'device: device', it.now])
      : '') +
    (!it ? step(['device: device', 'says: {property: 1}']) : '') +
    (w?.kind !== 'absent' ? step([lasts, `expect: ${expects}`]) : '') +
    (it?.over ? step(['after: 10s', 'device: device', it.over]) + step([over, 'expect: nothing']) : '')
  )
}

type OfPeople = Extract<Watch, { kind: 'presence' | 'attendance' }>

// Somebody is missing and is found, or is inside and goes.
function storyOfPeople(o: Outline, w: OfPeople): string {
  const start = o.hours?.from ?? '09:00'
  const title = JSON.stringify(o.title || o.id || 'the title of the rule')
  const step = (...parts: string[]) => `      - {${parts.filter(Boolean).join(', ')}}\n`
  const head = `tests:\n  - name: ${title}\n    start: mon ${start}\n`
  const fires = step(o.lasts && `after: ${o.lasts}`, `expect: ${title}`)
  const over = step(o.quiet && `after: ${o.quiet}`, 'expect: nothing')
  if (w.kind === 'attendance') {
    const until = `${String((Number(start.slice(0, 2)) + 2) % 24).padStart(2, '0')}:00`
    const answer = (state: string) =>
      `attends: {person: li, kind: ${w.session}, state: ${state}, until: "${until}"}`
    return (
      head + '    story:\n' + step(answer(w.state[0])) + fires + step('after: 10s', answer('arrived')) + over
    )
  }
  const names = Array.from({ length: Math.min(Number(w.least) || 1, 50) }, (_, i) => (i ? `li${i}` : 'li'))
  const kind = w.boarder === 'true' ? 'boarder' : (w.who[0] ?? 'student')
  const sees = (device: string, name: string, direction: string) =>
    step(`device: ${device}`, `sees: {person: ${name}, method: card${direction}}`)
  return (
    head +
    `    rooms: {gate: gate, room: {kind: ${o.zoneKind[0] ?? 'classroom'}, building: main, floor: first}}\n` +
    '    devices: {turnstile: {room: gate}, reader: {room: room}}\n' +
    `    people: {${names.map((n) => `${n}: ${kind}`).join(', ')}}\n` +
    '    story:\n' +
    names.map((n) => sees('reader', n, '')).join('') +
    fires +
    names.map((n) => sees('turnstile', n, ', direction: out')).join('') +
    over
  )
}

// Two weeks in which a device says what is usual.
const usually = (at: string, says: string) =>
  '      - times: 14\n        story:\n' +
  `          - {at: "${at}", device: device, ${says}}\n` +
  `          - {after: 1h, device: device, ${says}}\n`

// What a device does that a condition holds, and that it does not.
function told(w: Exclude<Watch, OfPeople>): { now: string; over: string } {
  switch (w.kind) {
    case 'status':
      return { now: `is: ${w.status[0]}`, over: 'is: online' }
    case 'absent':
      return { now: '', over: `says: {${w.property}: 1}` }
    case 'occurrence':
      return { now: `happens: {kind: ${w.occurrence[0]}}`, over: '' }
    case 'baseline':
      return {
        now: `says: {${w.property}: ${w.test === 'above' ? 1000000 : -1000000}}`,
        over: `says: {${w.property}: 100}`,
      }
    case 'threshold': {
      const n = Number(w.value)
      const says = (v: string | number) => `says: {${w.property}: ${v}}`
      if (w.value === 'true' || w.value === 'false')
        return { now: says(w.value), over: says(w.value === 'true' ? 'false' : 'true') }
      if (!Number.isFinite(n) || w.value === '')
        return w.test === 'is_not'
          ? { now: says('other'), over: says(w.value) }
          : { now: says(w.value || '1'), over: says('other') }
      const by: Record<string, [number, number]> = {
        above: [n + 1, n],
        below: [n - 1, n],
        at_least: [n, n - 1],
        at_most: [n, n + 1],
        is: [n, n + 1],
        is_not: [n + 1, n],
      }
      const [now, over] = by[w.test] ?? [n, n]
      return { now: says(now), over: says(over) }
    }
  }
}
