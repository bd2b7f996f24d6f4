import { expect, test } from 'vitest'
import { axisWidth, columns, literal, metric } from './chart'

test('the store is asked by its own names', () => {
  expect(metric('co2-ppm.in')).toBe('gatehouse_co2_ppm_in')
  expect(literal('a"b\\c\n')).toBe('"a\\"b\\\\c\\n"')
})

test('silence is a gap, not a line', () => {
  const got = columns(
    {
      data: {
        result: [
          {
            values: [
              [100, '1'],
              [110, '2'],
              [200, '3'],
              [210, 'NaN'],
              [220, '4'],
            ],
          },
        ],
      },
    },
    10,
  )
  expect(got).toEqual([
    [100, 110, 120, 200, 220],
    [1, 2, null, 3, 4],
  ])
})

test('series of one device follow one another, and nothing is nothing', () => {
  expect(
    columns(
      {
        data: {
          result: [
            { values: [[30, '3']] },
            {
              values: [
                [10, '1'],
                [30, '9'],
              ],
            },
          ],
        },
      },
      10,
    ),
  ).toEqual([
    [10, 30],
    [1, 3],
  ])
  expect(columns({}, 10)).toEqual([[], []])
})

test('an axis is as wide as its longest label', () => {
  const seven = (label: string) => label.length * 7
  expect(axisWidth(['3,999', '3,999.25', '4,000'], seven)).toBe(8 * 7 + 16)
  expect(axisWidth(['0', '1'], seven)).toBe(48)
  expect(axisWidth(null, seven)).toBe(48)
})
