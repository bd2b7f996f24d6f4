// Why passkeys cannot be created or used here, and what to do about it.

import { Alert, Anchor, Text } from '@mantine/core'
import type { Passkeys } from '../api/types'
import { useT } from '../i18n'
import { obstacle } from '../lib/passkey'

/** Nothing if they can. */
export function PasskeyObstacle({ p }: { p: Passkeys | undefined }) {
  const { t } = useT()
  const why = obstacle(p)
  if (!why) return null
  return (
    <Alert color="yellow" variant="light" data-testid="passkey-obstacle">
      <Text size="sm" fw={600}>
        {t('passkey.notHere')}
      </Text>
      <Text size="sm">{t('reason.' + why, { origin: p?.origin ?? '' })}</Text>
      {why === 'passkeys_other_origin' && p?.origin && (
        <Anchor size="sm" href={p.origin + location.pathname} style={{ overflowWrap: 'anywhere' }}>
          {p.origin}
        </Anchor>
      )}
    </Alert>
  )
}
