import { expect, test } from 'vitest'
import { freeID, idFrom, profileFrom } from './profiledraft'

test('ids fit the gateway whatever the title', () => {
  expect(idFrom('Greenhouse sensor (new)')).toBe('greenhouse-sensor-new')
  for (const title of ['温室传感器', '…', 'É', 'x'.repeat(200)])
    expect(idFrom(title)).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/)
  expect(idFrom('温室')).not.toBe(idFrom('教室'))
})

test('a profile of a known title gets an id of its own', () => {
  expect(freeID('energy-meter', ['meter'])).toBe('energy-meter')
  expect(freeID('energy-meter', ['energy-meter', 'energy-meter-2'])).toBe('energy-meter-3')
  expect(freeID('energy-meter-2', ['energy-meter', 'energy-meter-2'])).toBe('energy-meter-3')
})

test('a draft becomes a profile without its empty lines', () => {
  expect(
    profileFrom({
      title: ' Meter ',
      type: 'sensor',
      properties: [
        {
          name: 'power',
          title: '',
          type: 'number',
          unit: 'W',
          forms: { register: ' holding:10 ', scale: '' },
        },
        { name: 'on', title: '', type: 'boolean', unit: 'W', forms: {} },
        { name: ' ', title: '', type: 'number', unit: '', forms: {} },
      ],
    }),
  ).toEqual({
    id: 'meter',
    title: 'Meter',
    type: 'sensor',
    properties: {
      power: { type: 'number', unit: 'W', forms: { register: 'holding:10' } },
      on: { type: 'boolean' },
    },
  })
})
