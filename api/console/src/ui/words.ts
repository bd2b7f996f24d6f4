// Names of fields and values, for showing a colleague's changes.

import type { Words } from '../api/change'
import { useT, type T } from '../i18n'

/** A code of the gateway in words: what follows a colon is left out, and an unknown code reads as it is. */
export const codeWord = (t: T, space: string, code: string): string =>
  t(`${space}.${code.split(':')[0]}`, { defaultValue: code.replace(/_/g, ' ') })

/** Fields and values in the user's language. */
export function useWords(): Words {
  const { t } = useT()
  const value = (v: unknown): string => {
    if (v === undefined || v === null || v === '') return '–'
    if (typeof v === 'boolean') return t(v ? 'common.yes' : 'common.no')
    if (Array.isArray(v)) return v.map(value).join(', ') || '–'
    if (typeof v === 'object')
      return (
        Object.entries(v)
          .map(([k, x]) => `${k}: ${value(x)}`)
          .join(', ') || '–'
      )
    return String(v)
  }
  return { label: (k) => t('fieldName.' + k, { defaultValue: k }), value }
}
