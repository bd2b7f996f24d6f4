import { expect, test } from 'vitest'
import { idOf, read, write, type Outline } from './outline'

const air = `# For the health office.
id: stale-air
title: {en: Stale air, zh-CN: 空气不新鲜}
severity: warning   # not worse
where: {zone_kind: [classroom], building: main}
per: zone
when: {property: co2, above: 1500}  # ppm
for: 10m
once: {every: 1h}
clear: {after: 1m, when: {property: co2, below: 1200}}
then:
  - alert: {}
  - command: {device: same, action: beep}   # stays
`

test('a form reads what it can show', () => {
  const o = read(air)!
  expect(o).toMatchObject({
    id: 'stale-air',
    title: 'Stale air',
    titleZH: '空气不新鲜',
    severity: 'warning',
    watch: { kind: 'threshold', property: 'co2', test: 'above', value: '1500' },
    lasts: '10m',
    quiet: '1m',
    zoneKind: ['classroom'],
    audible: false,
    per: 'zone',
    elsewhere: ['once'],
  })
})

const line = (text: string, begins: string) => text.split('\n').find((l) => l.trim().startsWith(begins))

test('what is not changed stays to the letter', () => {
  expect(write(air, read(air)!)).toBe(air)
  const changes: [Partial<Outline>, string, string][] = [
    [{ severity: 'major' }, 'severity: warning', 'severity: major'],
    [
      { watch: { kind: 'threshold', property: 'co2', test: 'above', value: '1600' } },
      'above: 1500',
      'above: 1600',
    ],
    [{ titleZH: '二氧化碳过高' }, '空气不新鲜', '二氧化碳过高'],
    [{ zoneKind: ['classroom', 'dorm'] }, 'zone_kind: [classroom]', 'zone_kind: [classroom, dorm]'],
    [{ zoneKind: [] }, 'zone_kind: [classroom], ', ''],
    [{ lasts: '' }, 'for: 10m\n', ''],
    [{ quiet: '' }, 'after: 1m, ', ''],
    [{ audible: true }, 'alert: {}', 'alert: {audible: true}'],
  ]
  for (const [change, was, is] of changes) expect(write(air, change)).toBe(air.replace(was, is))
})

test('what is new stands where it belongs', () => {
  const bare = 'id: a\ntitle: A\nseverity: info\nwhen:\n  status: offline # all of them\n'
  expect(write(bare, { lasts: '5m' })).toBe(bare + 'for: 5m\n')
  expect(write(bare, { zone: ['zon_1'] })).toBe(
    'id: a\ntitle: A\nseverity: info\nwhere: {zone: zon_1}\nwhen:\n  status: offline # all of them\n',
  )
  expect(line(write(bare, { titleZH: '甲' }), 'title')).toBe('title: {en: A, zh-CN: 甲}')
  expect(line(write(bare, { title: 'A: "b", c' }), 'title')).toMatch(/^title: ['"]A: /)
  expect(read(write(bare, { title: 'A: "b", c' }))!.title).toContain('A: ')
  const loud = write(write(air, { procedure: 'leak' }), { roles: ['security', 'admin'] })
  expect(
    loud.endsWith('# stays\n  - incident: {procedure: leak}\n  - notify: {roles: [security, admin]}\n'),
  ).toBe(true)
  expect(write(write(loud, { procedure: '' }), { roles: [] })).toBe(air)
})

test('another kind of condition, and hours, replace the condition alone', () => {
  const status = write(air, { watch: { kind: 'status', status: ['offline', 'fault'] } })
  expect(line(status, 'when')).toBe('when: {status: [offline, fault]}  # ppm')
  const hours = { from: '22:00', to: '06:00', days: [] }
  const night = write(air, { hours })
  expect(line(night, 'when')).toBe(
    'when: {all: [{property: co2, above: 1500}, {time: {from: "22:00", to: "06:00"}}]}  # ppm',
  )
  expect(read(night)).toMatchObject({ hours, watch: read(air)!.watch })
  expect(write(night, { hours: undefined })).toBe(air)
  const block =
    'id: a\ntitle: A\nseverity: info\nwhen:\n  all:\n    - property: open\n      is: true\nfor: 1m\n'
  expect(read(block)!.watch).toBeUndefined()
  expect(write(block, { lasts: '2m' })).toBe(block.replace('1m', '2m'))
  const absent = write(block, { watch: { kind: 'absent', property: 'open', for: '10m' } })
  expect(absent).toBe(
    'id: a\ntitle: A\nseverity: info\nwhen: {absent: {property: open, for: 10m}}\nfor: 1m\n',
  )
})

test('a baseline is read and written where it has nothing but a side', () => {
  const usual: Outline['watch'] = { kind: 'baseline', property: 'power', test: 'above', value: '50%' }
  const text = write(air, { watch: usual })
  expect(line(text, 'when')).toBe('when: {baseline: {property: power, above: 50%}}  # ppm')
  expect(read(text)!.watch).toEqual(usual)
  const less = write(text, { watch: { ...usual, test: 'below', value: '5' } })
  expect(line(less, 'when')).toBe('when: {baseline: {property: power, below: 5}}  # ppm')
  expect(read(text.replace('50%', '50%, over: 24h'))!.watch).toBeUndefined()
})

test('who is inside and who is missing are read and written', () => {
  const inside: Outline['watch'] = {
    kind: 'presence',
    inside: 'building',
    who: ['student'],
    boarder: 'false',
    least: '',
    most: '1',
    within: '1h',
  }
  const text = write(air, { watch: inside })
  expect(line(text, 'when')).toBe(
    'when: {presence: {inside: building, kind: student, boarder: false, at_most: 1, within: 1h}}  # ppm',
  )
  expect(read(text)!.watch).toEqual(inside)
  const missing: Outline['watch'] = { kind: 'attendance', session: 'dorm', state: ['absent', 'late'] }
  const hours = { from: '22:00', to: '06:00', days: [] }
  const other = write(text, { watch: missing, hours, per: '' })
  expect(line(other, 'when')).toBe(
    'when: {all: [{attendance: {kind: dorm, state: [absent, late]}}, {time: {from: "22:00", to: "06:00"}}]}  # ppm',
  )
  expect(read(other)).toMatchObject({ watch: missing, hours, per: '' })
})

test('what is no single rule is left to the text', () => {
  expect(read('rules:\n  - id: a\n')).toBeUndefined()
  expect(read('id: [')).toBeUndefined()
  expect(write('id: [', { title: 'x' })).toBe('id: [')
})

test('an id out of a title', () => {
  expect(idOf('The fridge is warm!', 0)).toBe('the-fridge-is-warm')
  expect(idOf('冰箱', 36 ** 3)).toBe('rule-1000')
})
