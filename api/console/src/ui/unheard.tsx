// What fires, and whose device has gone silent: nobody knows whether it is still so.

import { useT } from '../i18n'
import { timeOf } from '../lib/format'
import { useFormat, useNow } from '../session'
import { Tag } from './kit'

/** Since when a device is not heard that reported what still fires; nothing while it is heard. */
export function Unheard({ at, n }: { at: string | undefined; n?: number }) {
  const { t } = useT()
  const f = useFormat()
  const now = useNow(5000)
  if (timeOf(at) === undefined) return null
  const age = f.ago(at, now)
  return (
    <span data-testid="unheard">
      <Tag tone="orange">
        {n === undefined ? t('wall.unheard', { age }) : t('wall.unheardOf', { n, age })}
      </Tag>
    </span>
  )
}
