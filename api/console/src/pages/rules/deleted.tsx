// The rule that was just deleted, and the way back.

import { Alert, Button, Group } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { call } from '../../api/client'
import { useT } from '../../i18n'
import { useAddress } from '../../ui/address'
import { said, Trouble, useDeed } from '../../ui/kit'
import { pageOf } from './list'
import { renewRules } from './save'

export function Deleted() {
  const { t } = useT()
  const at = useAddress()
  const go = useNavigate()
  const cache = useQueryClient()
  const deed = useDeed()
  const id = at.get('deleted')
  if (!id) return null
  const path = `/v1/rules/${encodeURIComponent(id)}` as const
  const restore = () =>
    deed.run(async () => {
      const { versions } = await call(`${path}/versions`)
      const last = versions.find((v) => !v.deleted)
      const body = { version: versions[0].version, from: last?.version ?? 1 }
      await call(`${path}/restore`, { method: 'POST', body })
      await renewRules(cache)
      said(t('rules.saved'))
      go(pageOf(id), { replace: true })
    })
  return (
    <Alert
      color="blue"
      variant="light"
      mb="sm"
      role="status"
      withCloseButton
      closeButtonLabel={t('common.close')}
      onClose={() => at.change({ deleted: null }, { replace: true })}>
      <Group gap="sm">
        {t('rules.wasDeleted', { id })}
        <Button size="compact-sm" variant="default" loading={deed.busy} onClick={() => void restore()}>
          {t('rules.restore')}
        </Button>
      </Group>
      {deed.error !== undefined && <Trouble error={deed.error} />}
    </Alert>
  )
}
