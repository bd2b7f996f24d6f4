// What the pages of musters share.

import type { Muster, MusterState } from '../../api/types'
import { useT } from '../../i18n'
import { Tag, type Tone } from '../../ui/kit'

export const tones: Record<MusterState, Tone> = {
  missing: 'red',
  waiting: 'orange',
  safe: 'green',
  away: 'blue',
  not_sought: 'gray',
}

/** A person's name out of "usr_… Li Wei". */
export const byName = (by?: string) => (by ?? '').replace(/^(usr|key)_\S+ /, '')

export function DrillTag({ m }: { m: Muster }) {
  const { t } = useT()
  return m.drill ? <Tag tone="blue">{t('musters.drill')}</Tag> : <Tag tone="red">{t('musters.real')}</Tag>
}
