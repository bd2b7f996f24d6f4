// The maintenance windows of one device, on its page, and one at once for it.

import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { useT } from '../../i18n'
import { useSession } from '../../session'
import { Loaded, Panel } from '../../ui/kit'
import { Suppressions } from '.'
import { WindowDialog } from './window'

export function DeviceMaintenance({ id, school }: { id: string; school: string }) {
  const { t } = useT()
  const { can } = useSession()
  const [open, setOpen] = useState('')
  const q = useQuery({
    queryKey: ['suppressions', school, 'device', id],
    queryFn: () => call('/v1/suppressions', { query: { school, device: id, limit: 200 } }),
    refetchInterval: 30_000,
  })
  const may = can('alerts:write')
  const now = (q.data?.items ?? []).filter((s) => s.state !== 'over')
  const edited = now.find((s) => s.id === open)
  return (
    <Panel
      title={t('maintenance.ofDevice')}
      actions={
        may && (
          <Button size="compact-xs" variant="default" onClick={() => setOpen('new')}>
            {t('maintenance.forDevice')}
          </Button>
        )
      }>
      <Loaded q={q}>
        {() =>
          now.length ? (
            <Suppressions all={now} onEdit={may ? setOpen : undefined} />
          ) : (
            <p className="duty-hint">{t('maintenance.noneOfDevice')}</p>
          )
        }
      </Loaded>
      {open === 'new' && may && <WindowDialog device={id} onClose={() => setOpen('')} />}
      {edited && may && <WindowDialog key={edited.id} s={edited} onClose={() => setOpen('')} />}
    </Panel>
  )
}
