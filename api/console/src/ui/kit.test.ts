import { expect, test } from 'vitest'
import { APIError } from '../api/client'
import type { T } from '../i18n'
import { errorText } from './kit'

const t = ((key: string) => key + '.') as T

test('what follows a sentence begins as one', () => {
  expect(errorText(new APIError(409, 'conflict', 'the alert is resolved already'), t)).toBe(
    'error.inTheWay. The alert is resolved already',
  )
  expect(errorText(new APIError(422, 'invalid', 'name: this is empty'), t)).toBe('name: this is empty')
})
