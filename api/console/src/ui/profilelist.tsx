// The profiles, the number of devices with each, and the action that deletes one.

import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import { remove } from '../api/change'
import type { Profile } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { Ask } from './ask'
import { Panel, Rows } from './kit'
import { useProfiles } from './states'

export function ProfileList() {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const cache = useQueryClient()
  const profiles = useProfiles()
  const [gone, setGone] = useState<Profile>()
  const q = useQuery({
    queryKey: ['profiles', 'use'],
    queryFn: ({ signal }) => call('/v1/profile-use?limit=1000', { signal }),
  })
  const uses = new Map((q.data?.items ?? []).map((u) => [u.profile, u.devices]))
  const title = (p: Profile) => f.local(p.title, p.title_zh) || p.id
  if (profiles.all.length === 0) return null
  return (
    <Panel title={t('profiles.title')} flush>
      <Rows
        label={t('profiles.title')}
        rows={profiles.all}
        id={(p) => p.id}
        columns={[
          { key: 'title', label: t('profiles.name'), main: true, cell: title },
          { key: 'id', label: t('device.id'), cell: (p) => <code>{p.id}</code> },
          { key: 'type', label: t('fleet.type'), cell: (p) => t('deviceType.' + p.type) },
          {
            key: 'devices',
            label: t('driver.devices'),
            right: true,
            cell: (p) => f.number(uses.get(p.id) ?? 0),
          },
          {
            key: 'do',
            label: '',
            right: true,
            cell: (p) =>
              can('devices:write') && q.data && !uses.get(p.id) ? (
                <Button size="compact-xs" variant="default" onClick={() => setGone(p)}>
                  {t('common.delete')}
                </Button>
              ) : null,
          },
        ]}
      />
      {gone && (
        <Ask
          opened
          onClose={() => setGone(undefined)}
          danger
          title={t('profiles.deleteTitle', { title: title(gone) })}
          text={t('profiles.deleteText')}
          deed={t('common.delete')}
          onDo={async () => {
            await remove(`/v1/profiles/${encodeURIComponent(gone.id)}`, gone)
            await cache.invalidateQueries({ queryKey: ['profiles'] })
          }}
        />
      )}
    </Panel>
  )
}
