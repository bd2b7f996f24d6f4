// Why a device is in its state, in the reader's words.
import type { Reason } from '../api/types'

/** What a state says of itself: a sentence in English and, of most drivers, what it says as codes. */
export interface Why {
  reason?: string
  causes?: Reason[] | null
}

type Say = (key: string, params?: Record<string, string>) => string

const pictures = ['frozen', 'black', 'covered', 'blurred']

/** Puts the reason of a device's state into words. Where one of its codes is a vendor's own, and
 * where a driver gives its own words alone, those are shown as they came. */
export function reasonText(why: Why, t: Say): string {
  const said = (why.causes ?? []).map((c) => words(c, t))
  if (said.length > 0 && said.every((s) => s !== '')) return said.join(t('common.also'))
  // A camera's state that was kept before there were codes.
  const code = pictures.find((p) => why.reason?.startsWith(p + ':'))
  return code ? t('cause.' + code) : (why.reason ?? '')
}

// other is a driver's own words, in whatever language they are.
function words(c: Reason, t: Say): string {
  if (c.code === 'other') return c.params?.text ?? ''
  return t('cause.' + c.code, { ...c.params, defaultValue: '' })
}
