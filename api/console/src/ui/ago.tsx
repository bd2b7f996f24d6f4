// How long ago something was, with a clock of its own: a card is not drawn again for it.

import { useT } from '../i18n'
import { useFormat, useNow } from '../session'

export function Ago({ at }: { at: string | undefined }) {
  const { t } = useT()
  const f = useFormat()
  const now = useNow(1000)
  return <>{t('time.ago', { age: f.ago(at, now) })}</>
}
