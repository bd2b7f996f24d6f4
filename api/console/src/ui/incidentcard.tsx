// An incident: the procedure to follow, and the hand-over that a named role decides on.

import { Button, Group, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from 'react-router'
import type { Incident, IncidentDetail, IncidentPlace } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { useIncidentDialog, type IncidentDeed } from './incidentdialogs'
import { counted, Steps } from './incidentsteps'
import { Tag, type Tone } from './kit'
import { SeverityTag } from './states'
import { WhereIs } from './whereabouts'

const stateTone: Record<Incident['state'], Tone> = { open: 'red', contained: 'orange', closed: 'gray' }

/** "Science building, 2nd floor: Laboratory 3 · Laboratory 4" */
export function Rooms({ where }: { where: IncidentPlace[] }) {
  const { t } = useT()
  const houses = new Map<string, string[]>()
  for (const w of where) {
    const house = [w.building_name, w.floor_name].filter(Boolean).join(', ')
    houses.set(house, [...(houses.get(house) ?? []), w.zone_name])
  }
  const holds = where.some((w) => w.firing > 0)
  return (
    <Text size="sm" fw={600} component="div" data-testid="rooms">
      {[...houses].map(([house, rooms]) => `${house}: ${rooms.join(' · ')}`).join(' — ')}
      {where.length > 0 && (
        <>
          {' '}
          <Tag tone={holds ? 'red' : 'gray'} dot={holds}>
            {t(holds ? 'incident.holds' : 'incident.over')}
          </Tag>
        </>
      )}
    </Text>
  )
}

export function IncidentCard({
  i,
  now,
  page,
}: {
  i: Incident | IncidentDetail
  now: number
  page?: boolean
}) {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const renew = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: ['incidents'] }),
      cache.invalidateQueries({ queryKey: ['incident'] }),
    ])
  const title = f.local(i.title, i.title_zh)
  const { done, all, late } = counted(i)
  return (
    <article className="incident" data-severity={i.severity} data-incident={i.id} aria-label={title}>
      <Group gap={6} mb={4}>
        <SeverityTag s={i.severity} />
        <Tag tone={stateTone[i.state]} dot>
          {t('incidentState.' + i.state)}
        </Tag>
        {i.drill && <Tag tone="blue">{t('incident.drill')}</Tag>}
        {i.outcome && <Tag tone="gray">{t('outcome.' + i.outcome)}</Tag>}
        {all > 0 && <Tag tone={done === all ? 'green' : 'gray'}>{t('incident.steps', { done, all })}</Tag>}
        {late > 0 && i.state !== 'closed' && <Tag tone="orange">{t('incident.late', { n: late })}</Tag>}
      </Group>
      {page ? (
        <h2>{title}</h2>
      ) : (
        <h3>
          <Link to={`/incidents/${i.id}`}>{title}</Link>
        </h3>
      )}
      {'where' in i && <Rooms where={i.where} />}
      <Text size="xs" c="dimmed" mb={6}>
        <time dateTime={i.opened}>{f.moment(i.opened)}</time> · {t('time.ago', { age: f.ago(i.opened, now) })}{' '}
        · {t('incident.alerts', { count: i.alerts?.length ?? 0 })}
        {!!i.reopened && ` · ${t('incident.reopened', { count: i.reopened })}`}
      </Text>
      {page && 'where' in i && i.where[0] && (
        <WhereIs zone={i.where[0].zone} device={i.where[0].device} severity={i.severity} />
      )}
      <About i={i} />
      <Steps i={i} now={now} onDone={renew} />
      {page && i.procedure && (
        <Text size="xs" c="dimmed">
          {t('incident.procedure', { id: i.procedure, version: i.procedure_version ?? 0 })}
        </Text>
      )}
      <Approval i={i} />
      <Deeds i={i} page={page} />
    </article>
  )
}

// How it was contained and how it ended.
function About({ i }: { i: Incident }) {
  const { t } = useT()
  const f = useFormat()
  return (
    <>
      {i.contained && (
        <Text size="sm">
          {t('incident.containedBy', { by: i.contained_by ?? '', at: f.moment(i.contained) })}
        </Text>
      )}
      {i.closed && (
        <Text size="sm">
          {t('incident.closedBy', { by: i.closed_by ?? '', at: f.moment(i.closed) })}
          {i.conclusion && ` “${i.conclusion}”`}
        </Text>
      )}
      {i.merged_into && (
        <Text size="sm">
          <Link to={`/incidents/${i.merged_into}`}>{t('incident.mergedInto')}</Link>
        </Text>
      )}
    </>
  )
}

function Deeds({ i, page }: { i: Incident; page?: boolean }) {
  const { t } = useT()
  const { can } = useSession()
  const dialog = useIncidentDialog()
  if (!can('alerts:write')) return null
  const deed = (what: IncidentDeed, plain = true) => (
    <Button size="xs" variant={plain ? 'default' : 'filled'} onClick={() => dialog.open(i.id, what)}>
      {t('incident.' + what)}
    </Button>
  )
  return (
    <Group gap="xs" mt="sm" className="alert-deeds">
      {i.state === 'open' && deed('contain', false)}
      {i.state !== 'closed' && deed('close')}
      {page && i.state !== 'open' && !i.merged_into && deed('reopen')}
      {page && deed('note')}
      {page && i.state !== 'closed' && deed('merge')}
      {page && i.merged_into && deed('separate')}
    </Group>
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
