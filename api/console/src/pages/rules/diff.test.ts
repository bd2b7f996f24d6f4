import { expect, test } from 'vitest'
import { lineChanges, merged } from './diff'

test('what two texts differ in', () => {
  expect(lineChanges('a\nb\nc', 'a\nx\nc').map((x) => x.sign + x.line)).toEqual([' a', '-b', '+x', ' c'])
})

test('changes of different lines are put together, those of one line are not', () => {
  const was = 'id: a\nwhen: 1\nfor: 5m\nthen: []'
  expect(merged(was, was.replace('1', '2'), was.replace('5m', '9m'))).toBe(
    'id: a\nwhen: 2\nfor: 9m\nthen: []',
  )
  expect(merged(was, '# mine\n' + was, was + '\n# theirs')).toBe('# mine\n' + was + '\n# theirs')
  expect(merged(was, was.replace('5m', '7m'), was.replace('5m', '9m'))).toBeUndefined()
  expect(merged(was, was.replace('5m', '9m'), was.replace('5m', '9m'))).toBe(was.replace('5m', '9m'))
})
