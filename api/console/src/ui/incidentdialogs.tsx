// The dialogs of incidents, for all pages; see those of alerts.

import { Alert as Notice, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { APIError, ask, call } from '../api/client'
import type { Incident } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { useAddress } from './address'
import { useSubject } from './dialog'
import { Ask } from './ask'

export type IncidentDeed = 'close' | 'approve' | 'refuse'

export function useIncidentDialog() {
  const { get, change } = useAddress()
  return {
    id: get('incident'),
    deed: get('do') as IncidentDeed | '',
    open: (id: string, deed: IncidentDeed) => change({ incident: id, do: deed }),
    close: () => change({ incident: null, do: null }, { replace: true }),
  }
}

export function IncidentDialogs() {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const { id, deed, close } = useIncidentDialog()
  const path = `/v1/incidents/${encodeURIComponent(id)}` as const
  const q = useQuery({
    queryKey: ['incident', id],
    queryFn: () => call(path),
    enabled: id !== '' && can('alerts:read'),
    retry: false,
  })
  const lost = q.error instanceof APIError && q.error.status === 404
  const { subject: i, gone } = useSubject<Incident>(id, lost ? undefined : q.data)
  if (!i) return null
  const post = async (what: string, body: Record<string, unknown>) => {
    try {
      await ask(`${path}/${what}`, { method: 'POST', body: { version: i.version, ...body } })
    } finally {
      await Promise.all([
        cache.invalidateQueries({ queryKey: ['incidents'] }),
        cache.invalidateQueries({ queryKey: ['incident'] }),
      ])
    }
  }
  const open = (i.steps ?? []).filter((s) => !s.done).length
  const decided = i.handover?.approval !== 'waiting'
  const common = { onClose: close, gone }
  return (
    <>
      <Ask
        {...common}
        opened={deed === 'close' && can('alerts:write')}
        title={t('incident.closeTitle')}
        deed={t('incident.close')}
        comment={{ label: t('incident.closeComment'), required: true }}
        text={
          <About
            i={i}
            late={i.state !== 'open'}
            more={open > 0 ? t('incident.closeEarly', { n: open }) : ''}
          />
        }
        onDo={(comment) => post('close', { comment })}
      />
      <Ask
        {...common}
        opened={deed === 'approve' && can('incidents:approve')}
        title={t('handover.approveTitle')}
        deed={t('handover.approve')}
        comment={{ label: t('handover.comment') }}
        text={
          <About
            i={i}
            late={decided}
            more={i.handover?.link === 'on' ? t('handover.approveText') : t('handover.approveOff')}
          />
        }
        onDo={(comment) => post('approval', { approve: true, comment })}
      />
      <Ask
        {...common}
        opened={deed === 'refuse' && can('incidents:approve')}
        title={t('handover.refuseTitle')}
        deed={t('handover.refuse')}
        comment={{ label: t('handover.comment'), required: true }}
        text={<About i={i} late={decided} more="" />}
        onDo={(comment) => post('approval', { approve: false, comment })}
      />
    </>
  )
}

/** The incident, and whether a colleague was quicker. */
function About({ i, late, more }: { i: Incident; late: boolean; more: string }) {
  const { t } = useT()
  const f = useFormat()
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {f.local(i.title, i.title_zh)}
      </Text>
      {late && (
        <Notice color="orange" variant="light" role="alert" data-testid="changed">
          {t('incident.meanwhile')}
        </Notice>
      )}
      {more && <Text size="sm">{more}</Text>}
    </Stack>
  )
}
