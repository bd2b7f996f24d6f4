// Unregistered equipment that has connected, with a way to add it.

import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../api/client'
import { useT } from '../i18n'
import { useSession } from '../session'
import { Empty, Loaded, Panel, Rows } from './kit'

export function Knocks() {
  const { t } = useT()
  const { can } = useSession()
  const q = useQuery({
    queryKey: ['knocks'],
    queryFn: () => call('/v1/knocks'),
    refetchInterval: 10_000,
    retry: false,
  })
  return (
    <Panel title={t('knock.title')} flush>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <Rows
              label={t('knock.title')}
              rows={d.items}
              id={(k) => k.driver + ' ' + k.serial}
              columns={[
                { key: 'serial', label: t('device.serial'), main: true, cell: (k) => k.serial },
                { key: 'title', label: t('knock.what'), cell: (k) => k.title || '–' },
                { key: 'driver', label: t('driver.name'), cell: (k) => k.driver },
                {
                  key: 'add',
                  label: '',
                  cell: (k) =>
                    can('devices:write') ? (
                      <Button component={Link} to="/fleet/add" state={k} size="compact-sm" variant="default">
                        {t('knock.add')}
                      </Button>
                    ) : null,
                },
              ]}
            />
          ) : (
            <Empty title={t('knock.none')} hint={t('knock.noneHint')} />
          )
        }
      </Loaded>
    </Panel>
  )
}
