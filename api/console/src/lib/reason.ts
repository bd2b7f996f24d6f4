// Why a device is in its state, in the user's language.
import type { Reason } from '../api/types'

/** A sentence in English and, from most drivers, the same as codes. */
export interface Why {
  reason?: string
  causes?: Reason[] | null
}

type Say = (key: string, params?: Record<string, string>) => string

const pictures = ['frozen', 'black', 'covered', 'blurred']

/**
 * The reason of a device's state in the user's language. Vendors' own codes, and sentences without
 * codes, are shown unchanged.
 */
export function reasonText(why: Why, t: Say): string {
  const said = (why.causes ?? []).map((c) => words(c, t))
  if (said.length > 0 && said.every((s) => s !== '')) return said.join(t('common.also'))
  // A camera's state from before there were codes.
  const code = pictures.find((p) => why.reason?.startsWith(p + ':'))
  return code ? t('cause.' + code) : (why.reason ?? '')
}

// other is a driver's own sentence, in any language.
function words(c: Reason, t: Say): string {
  if (c.code === 'other') return c.params?.text ?? ''
  return t('cause.' + c.code, { ...c.params, defaultValue: '' })
}
