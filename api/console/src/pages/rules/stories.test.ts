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
