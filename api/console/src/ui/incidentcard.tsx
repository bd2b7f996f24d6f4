// An incident: the procedure to follow, and the hand-over that a named role decides on.

import { Button, Checkbox, Group, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { ask } from '../api/client'
import type { Incident } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { useIncidentDialog } from './incidentdialogs'
import { saidError, Tag, type Tone } from './kit'
import { SeverityTag } from './states'

export function IncidentCard({ i, now, page }: { i: Incident; now: number; page?: boolean }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const cache = useQueryClient()
  const dialog = useIncidentDialog()
  const renew = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: ['incidents'] }),
      cache.invalidateQueries({ queryKey: ['incident'] }),
    ])
  const title = f.local(i.title, i.title_zh)
  const steps = i.steps ?? []
  const done = steps.filter((s) => s.done).length
  return (
    <article className="incident" data-severity={i.severity} data-incident={i.id} aria-label={title}>
      <Group gap={6} mb={4}>
        <SeverityTag s={i.severity} />
        <Tag tone={i.state === 'open' ? 'red' : 'gray'} dot>
          {t('incidentState.' + i.state)}
        </Tag>
        {steps.length > 0 && (
          <Tag tone={done === steps.length ? 'green' : 'gray'}>
            {t('incident.steps', { done, all: steps.length })}
          </Tag>
        )}
      </Group>
      {page ? (
        <h2>{title}</h2>
      ) : (
        <h3>
          <Link to={`/incidents/${i.id}`}>{title}</Link>
        </h3>
      )}
      <Text size="xs" c="dimmed" mb={6}>
        <time dateTime={i.opened}>{f.moment(i.opened)}</time> · {t('time.ago', { age: f.ago(i.opened, now) })}{' '}
        · {t('incident.alerts', { count: i.alerts?.length ?? 0 })}
      </Text>
      <Steps i={i} onDone={renew} />
      <Approval i={i} />
      {i.state === 'open' && can('alerts:write') && (
        <Button size="xs" variant="default" mt="sm" onClick={() => dialog.open(i.id, 'close')}>
          {t('incident.close')}
        </Button>
      )}
    </article>
  )
}

function Steps({ i, onDone }: { i: Incident; onDone: () => Promise<unknown> }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const [busy, setBusy] = useState(-1)
  const tick = async (n: number) => {
    setBusy(n)
    try {
      await ask(`/v1/incidents/${i.id}/steps/${n}`, { method: 'POST', body: {} })
    } catch (e) {
      saidError(e, t)
    }
    await onDone()
    setBusy(-1)
  }
  return (
    <Stack gap={4} component="ol" className="steps">
      {(i.steps ?? []).map((s, n) => (
        <li key={n}>
          <Checkbox
            size="sm"
            checked={s.done}
            disabled={s.done || i.state !== 'open' || busy >= 0 || !can('alerts:write')}
            onChange={() => void tick(n)}
            label={f.local(s.text, s.text_zh)}
            description={s.done ? `${s.by ?? ''} ${f.clock(s.at)}` : undefined}
          />
        </li>
      ))}
    </Stack>
  )
}

const approvalTone: Record<string, Tone> = { waiting: 'orange', approved: 'green', refused: 'gray' }

function Approval({ i }: { i: Incident }) {
  const { t } = useT()
  const f = useFormat()
  const { me, can } = useSession()
  const dialog = useIncidentDialog()
  const h = i.handover
  if (!h?.requested) return null
  const role = h.approver_role ?? 'admin'
  const may = can('incidents:approve') && (me.user.role === role || me.user.role === 'district_admin')
  return (
    <div className="handover" role="group" aria-label={t('handover.title')}>
      <Group gap={6}>
        <Text size="sm" fw={650}>
          {t('handover.title')}
        </Text>
        <Tag tone={approvalTone[h.approval] ?? 'gray'} dot>
          {t('approval.' + (h.approval || 'none'))}
        </Tag>
        <Tag tone={h.link === 'on' ? 'green' : 'gray'}>
          {t(h.link === 'on' ? 'handover.linkOn' : 'handover.linkOff')}
        </Tag>
      </Group>
      <Text size="sm" mt={4}>
        {h.approval === 'waiting'
          ? t('handover.waiting', { role: t('role.' + role) })
          : h.by
            ? t('handover.decided', { by: h.by, at: f.moment(h.at) })
            : ''}
        {h.comment && ` “${h.comment}”`}
      </Text>
      <Text size="sm" fw={650}>
        {h.sent ? t('handover.sent') : h.link === 'on' ? h.note || t('handover.notSent') : t('handover.off')}
      </Text>
      {h.approval === 'waiting' && i.state === 'open' && may && (
        <Group gap="xs" mt={6}>
          <Button size="xs" onClick={() => dialog.open(i.id, 'approve')}>
            {t('handover.approve')}
          </Button>
          <Button size="xs" variant="default" onClick={() => dialog.open(i.id, 'refuse')}>
            {t('handover.refuse')}
          </Button>
        </Group>
      )}
    </div>
  )
}
