import { expect, test } from 'vitest'
import { read } from './outline'
import { storyOf } from './stories'

test('a story of a baseline begins with two weeks of what is usual', () => {
  const rule =
    'id: power\ntitle: Power\nseverity: info\nwhen: {baseline: {property: power, above: 50%}}\n' +
    'for: 30m\nclear: {after: 15m}\n'
  expect(storyOf(read(rule))).toBe(`tests:
  - name: "Power"
    start: mon 09:00
    rooms: {room: classroom}
    devices: {device: {room: room, reports_changes: power}}
    story:
      - times: 14
        story:
          - {at: "09:00", device: device, says: {power: 100}}
          - {after: 1h, device: device, says: {power: 100}}
      - {at: "09:00", device: device, says: {power: 1000000}}
      - {after: 30m, expect: "Power"}
      - {after: 10s, device: device, says: {power: 100}}
      - {after: 15m, expect: nothing}
`)
})

const rule = (when: string, more = '') => `id: a\ntitle: A\nseverity: info\nwhen: ${when}\n${more}`

test('a story of people says who is inside and goes, or is missing and is found', () => {
  const inside = '{presence: {inside: building, kind: staff, at_least: 2}}'
  expect(storyOf(read(rule(inside, 'per: building\nfor: 5m\n')))).toBe(`tests:
  - name: "A"
    start: mon 09:00
    rooms: {gate: gate, room: {kind: classroom, building: main, floor: first}}
    devices: {turnstile: {room: gate}, reader: {room: room}}
    people: {li: staff, li1: staff}
    story:
      - {device: reader, sees: {person: li, method: card}}
      - {device: reader, sees: {person: li1, method: card}}
      - {after: 5m, expect: "A"}
      - {device: turnstile, sees: {person: li, method: card, direction: out}}
      - {device: turnstile, sees: {person: li1, method: card, direction: out}}
      - {expect: nothing}
`)
  expect(storyOf(read(rule('{attendance: {kind: dorm, state: absent}}')))).toBe(`tests:
  - name: "A"
    start: mon 09:00
    story:
      - {attends: {person: li, kind: dorm, state: absent, until: "11:00"}}
      - {expect: "A"}
      - {after: 10s, attends: {person: li, kind: dorm, state: arrived, until: "11:00"}}
      - {expect: nothing}
`)
})
