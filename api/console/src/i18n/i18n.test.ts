import { expect, test } from 'vitest'
import {
  alertStates,
  alertWhats,
  attendanceStates,
  callWhats,
  checkStates,
  commandStates,
  deviceStates,
  deviceTypes,
  directions,
  eventKinds,
  importActions,
  importFields,
  importModes,
  incidentStates,
  methods,
  permissions,
  personKinds,
  propertyTypes,
  qualityKinds,
  qualityLevels,
  retellings,
  sessionKinds,
  severities,
  signInRoles,
  calendarKinds,
  zoneKinds,
} from '../api/types'
import { photoReasons } from '../lib/photo'
import { en } from './en'
import { zh } from './zh'

type Tree = { [k: string]: string | Tree }

function flat(t: Tree, at = ''): Map<string, string> {
  const out = new Map<string, string>()
  for (const [k, v] of Object.entries(t)) {
    if (typeof v === 'string') out.set(at + k, v)
    else for (const [x, y] of flat(v, at + k + '.')) out.set(x, y)
  }
  return out
}

const english = flat(en)
const chinese = flat(zh)
const bare = (k: string) => k.replace(/_(one|other)$/, '')
const keys = new Set([...english.keys()].map(bare))

test('both languages say the same things', () => {
  expect([...new Set([...chinese.keys()].map(bare))].sort()).toEqual([...keys].sort())
  for (const [k, v] of [...english, ...chinese]) expect(v.trim(), k).not.toBe('')
  for (const [k, v] of chinese) {
    const holes = (s: string) => (s.match(/{{\w+}}/g) ?? []).sort()
    expect(holes(v), k).toEqual(holes(english.get(k)!))
  }
})

test('Chinese is Chinese', () => {
  const same = [...chinese].filter(([k, v]) => v === english.get(k) && /[a-z]{3}/i.test(v)).map(([k]) => k)
  expect(same).toEqual([])
})

// Every key in the source must exist. A computed key ('severity.' + s) must be a prefix of existing
// ones, and the lists below give its possible endings.
const files = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../api/schema.d.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
})
const source = Object.entries(files)
  .filter(([path]) => !/\.test\.|\/(en|zh)\.ts$/.test(path))
  .map(([, text]) => text)
  .join('\n')

test('no key is missing', () => {
  const text = source
  const whole = [...text.matchAll(/\bt\(\s*'([^']+)'\s*[,)]/g)].map((m) => m[1])
  expect(whole.length).toBeGreaterThan(300)
  expect([...new Set(whole)].filter((k) => !keys.has(k))).toEqual([])
  // Keys chosen by a condition: t(x ? 'a.b' : 'c.d').
  const either = [...text.matchAll(/\bt\([^'`()]*\?\s*'([\w.]+)'\s*:\s*'([\w.]+)'/g)].flatMap((m) => [
    m[1],
    m[2],
  ])
  expect(either.filter((k) => !keys.has(k))).toEqual([])
  const begun = [...text.matchAll(/\bt\(\s*'([^']+\.)'\s*\+/g)].map((m) => m[1])
  expect(begun.filter((k) => ![...keys].some((x) => x.startsWith(k)))).toEqual([])
})

test('every value that the API can give has a word', () => {
  const parts: Record<string, readonly string[]> = {
    severity: severities,
    deviceState: deviceStates,
    deviceType: deviceTypes,
    personKind: personKinds,
    calendarKind: calendarKinds,
    calendarKindHelp: calendarKinds,
    zoneKind: zoneKinds,
    attendanceState: attendanceStates,
    role: [...signInRoles, 'integrator'],
    roleHelp: signInRoles,
    permission: permissions.map((p) => p.replace(':', '_')),
    alertState: alertStates,
    incidentState: incidentStates,
    approval: ['none', 'waiting', 'approved', 'refused'],
    method: methods,
    direction: directions,
    sessionKind: sessionKinds,
    eventKind: eventKinds,
    occurrenceKind: ['alarm', 'door', 'sale', 'tamper'],
    occurrenceWhat: ['opened', 'closed', 'forced', 'held', 'exit_button', 'remote', 'duress'],
    matchReason: [
      'matched',
      'below_threshold',
      'low_margin',
      'low_quality',
      'nobody_enrolled',
      'wrong_model',
      'look_alike',
      'no_consent',
    ],
    importAction: importActions,
    importMode: importModes,
    photoRefused: photoReasons,
    importField: [...importFields, 'left'],
    importMapping: ['given', 'remembered', 'guessed'],
    driverState: ['starting', 'running', 'backoff', 'quarantined', 'refused', 'stopped'],
    qualityLevel: qualityLevels,
    qualityKind: qualityKinds,
    checkState: checkStates,
    commandState: [...commandStates],
    'commands.means': [...commandStates],
    'wall.by': ['cause', 'room', 'rule', 'none'],
    alertWhat: alertWhats,
    retoldWhy: retellings,
    callWhat: callWhats,
    bulkDone: ['acknowledge', 'unacknowledge', 'assign', 'resolve', 'shelve', 'unshelve'],
    valueType: propertyTypes,
    nav: [
      'wall',
      'incidents',
      'alerts',
      'cameras',
      'inside',
      'attendance',
      'people',
      'fleet',
      'occurrences',
      'quality',
      'drivers',
      'integrations',
      'status',
      'settings',
    ],
    settings: [
      'school',
      'places',
      'calendar',
      'timetable',
      'sessions',
      'users',
      'police',
      'audit',
      'recorded',
      'messages',
      'screens',
    ],
    timetableHow: ['cancel', 'time', 'room', 'person'],
    timetableColumn: ['none', 'class', 'weekday', 'period', 'subject', 'teacher', 'room', 'weeks'],
    timetableProblem: ['no_period', 'no_time', 'overlap', 'no_class', 'no_room', 'calendar_end'],
    time: ['s', 'min', 'h', 'd'],
    'device.hours1': [''],
    'device.hours6': [''],
    'device.hours24': [''],
    'device.hours168': [''],
  }
  const missing = Object.entries(parts)
    .flatMap(([p, all]) => all.map((x) => (x ? `${p}.${x}` : p)))
    .filter((k) => !keys.has(k))
  expect(missing).toEqual([])
  // A prefix for an enum has no keys but those of its values: others are left over from removed
  // values.
  const left = Object.entries(parts).flatMap(([p, all]) =>
    [...keys].filter(
      (k) =>
        all[0] && k.startsWith(p + '.') && !all.includes(k.slice(p.length + 1)) && !source.includes(`'${k}'`),
    ),
  )
  expect(left).toEqual([])
})

test('no key is left over', () => {
  const text = source
  const dynamic = [...text.matchAll(/[`'](\w[\w.]*\.)(?:'\s*\+|\$\{)/g)]
    .map((m) => m[1])
    .concat('matchReason.', 'attendanceReason.', 'attendanceException.', 'places.', 'device.hours')
  const unused = [...keys].filter((k) => !text.includes(`'${k}'`) && !dynamic.some((d) => k.startsWith(d)))
  expect(unused).toEqual([])
})
