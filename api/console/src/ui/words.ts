// Names of fields and values, for showing a colleague's changes.

import type { Words } from '../api/change'
import { useT } from '../i18n'

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
