// The certificates that a device has presented, with the action that revokes them; and the problems
// that the gateway has found with the device.

import { Alert as Box, Button, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import type { Device, DeviceCertificate } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { Ask } from './ask'
import { Panel, Rows, Tag } from './kit'
import { When } from './when'

export function CertificatesPanel({ d }: { d: Device }) {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const [ask, setAsk] = useState<DeviceCertificate | 'all'>()
  const path = `/v1/devices/${encodeURIComponent(d.id)}` as const
  const key = ['device', d.id, 'certificates']
  const q = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => call(`${path}/certificates?limit=50`, { signal }),
    enabled: d.driver === 'mqtt-front',
  })
  const rows = q.data?.items ?? []
  if (rows.length === 0) return null
  return (
    <Panel
      title={t('certificates.title')}
      flush
      actions={
        can('devices:write') && (
          <Button size="compact-sm" variant="default" onClick={() => setAsk('all')}>
            {t('certificates.all')}
          </Button>
        )
      }>
      <Rows
        label={t('certificates.title')}
        rows={rows}
        id={(c) => c.fingerprint}
        columns={[
          {
            key: 'serial',
            label: t('certificates.serial'),
            main: true,
            cell: (c) => <code>{c.serial}</code>,
          },
          { key: 'issuer', label: t('certificates.issuer'), cell: (c) => c.issuer },
          { key: 'after', label: t('certificates.until'), cell: (c) => <When at={c.not_after} /> },
          { key: 'last', label: t('certificates.last'), cell: (c) => <When at={c.last} /> },
          {
            key: 'do',
            label: '',
            right: true,
            cell: (c) =>
              c.revoked ? (
                <Tag tone="red">{t('certificates.revoked')}</Tag>
              ) : can('devices:write') ? (
                <Button size="compact-xs" variant="default" onClick={() => setAsk(c)}>
                  {t('certificates.revoke')}
                </Button>
              ) : null,
          },
        ]}
      />
      {ask && (
        <Ask
          opened
          onClose={() => setAsk(undefined)}
          danger
          title={ask === 'all' ? t('certificates.all') : t('certificates.revoke')}
          deed={t('certificates.revoke')}
          text={ask === 'all' ? t('certificates.allText') : t('certificates.oneText', { serial: ask.serial })}
          onDo={async () => {
            if (ask === 'all') await call(`${path}/revoke-certificates`, { method: 'POST' })
            else await call(`${path}/certificates/${ask.fingerprint}`, { method: 'DELETE' })
            await cache.invalidateQueries({ queryKey: key })
          }}
        />
      )}
    </Panel>
  )
}

/** Current problems that the gateway has found with a device. */
export function DeviceTroubles({ id }: { id: string }) {
  const f = useFormat()
  const { can } = useSession()
  const q = useQuery({
    queryKey: ['device', id, 'troubles'],
    queryFn: ({ signal }) => call(`/v1/alerts?device=${encodeURIComponent(id)}&limit=20`, { signal }),
    refetchInterval: 10_000,
    enabled: can('alerts:read'),
  })
  const found = (q.data?.items ?? []).filter((a) => a.firing && a.rule.startsWith('device:'))
  return (
    <>
      {found.map((a) => (
        <Box
          key={a.id}
          color="orange"
          variant="light"
          mb="sm"
          icon={<IconAlertTriangle size={18} />}
          title={f.local(a.title, a.title_zh)}>
          <Text size="sm">{f.local(a.text, a.text_zh)}</Text>
        </Box>
      ))}
    </>
  )
}
