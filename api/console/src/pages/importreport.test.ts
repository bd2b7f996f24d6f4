import { expect, test } from 'vitest'
import { startLanguages, words } from '../i18n'
import { remarkText } from './importreport'

test('one line is one line', () => {
  startLanguages('en')
  const title = (n: string) =>
    remarkText({ code: 'title_lines', message: '', note: true, params: { n }, read: 'Roster' }, words)
  expect(title('1')).toBe('1 line above the headings is left out (“Roster” …).')
  expect(title('3')).toBe('3 lines above the headings are left out (“Roster” …).')
})
