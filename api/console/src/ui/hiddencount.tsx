// How many alerts are not over and not on the wall, and the way to them: nothing is hidden silently.

import { Text } from '@mantine/core'
import { Link } from 'react-router'
import type { Wall } from '../api/types'
import { useT } from '../i18n'
import { tallied } from '../live'

export function HiddenCount({ wall }: { wall: Wall | undefined }) {
  const { t } = useT()
  const kinds = [
    ['shelf', tallied(wall?.hidden.shelf)],
    ['window', tallied(wall?.hidden.window)],
  ] as const
  const silenced = tallied(wall?.hidden.silenced)
  if (kinds.every(([, n]) => n === 0) && silenced === 0) return null
  return (
    <Text size="sm" mb="xs" className="wall-hidden" data-testid="hidden-count">
      {t('shelf.notHere')}{' '}
      {kinds
        .filter(([, n]) => n > 0)
        .map(([kind, n]) => (
          <Link key={kind} to={`/alerts?hidden=${kind}&state=open,acknowledged`} data-hidden={kind}>
            {t('shelf.count.' + kind, { n })}
          </Link>
        ))}
      {silenced > 0 && <span data-hidden="silenced">{t('shelf.count.silenced', { n: silenced })}</span>}
    </Text>
  )
}
