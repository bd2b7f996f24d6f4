// Said where people set up messages: those of this gateway carry no links.

import { Alert } from '@mantine/core'
import { useT } from '../i18n'
import { useSession } from '../session'

export function NoLinks() {
  const { t } = useT()
  const { me, can } = useSession()
  if (me.address || !can('settings:write')) return null
  return (
    <Alert color="orange" variant="light" role="note">
      {t('common.noLinks')}
    </Alert>
  )
}
