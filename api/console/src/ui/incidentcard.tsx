// An incident: the procedure to follow, and the hand-over that a named role decides on.

import { Alert as Notice, Button, Group, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import type { Incident, IncidentDetail, IncidentPlace } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { useIncidentDialog, type IncidentDeed } from './incidentdialogs'
import { counted, Steps } from './incidentsteps'
import { Tag, type Tone } from './kit'
import { SeverityTag } from './states'
import { Unheard } from './unheard'
import { WhereIs } from './whereabouts'

const stateTone: Record<Incident['state'], Tone> = { open: 'red', contained: 'orange', closed: 'gray' }

/** "Science building, 2nd floor: Laboratory 3 [still holds] · Laboratory 4 [over]", a line a floor. */
export function Rooms({ where, most = where.length }: { where: IncidentPlace[]; most?: number }) {
  const { t } = useT()
  const houses = new Map<string, IncidentPlace[]>()
  for (const w of where.slice(0, most)) {
    const house = [w.building_name, w.floor_name].filter(Boolean).join(', ')
    houses.set(house, [...(houses.get(house) ?? []), w])
  }
  return (
    <div className="rooms" data-testid="rooms">
      {[...houses].map(([house, rooms]) => (
        <div key={house}>
          {house && `${house}: `}
          {rooms.map((w, n) => (
            <span key={w.zone || w.device} data-room={w.zone || w.device}>
              {n > 0 && ' · '}
              {w.zone_name || t('wall.noRoom', { device: w.device_name })}{' '}
              <Tag tone={w.firing > 0 ? 'red' : 'gray'} dot={w.firing > 0}>
                {t(w.firing > 0 ? 'incident.holds' : 'incident.over')}
              </Tag>{' '}
              <Unheard at={w.last_heard} />
            </span>
          ))}
        </div>
      ))}
      {where.length > most && <div>{t('wall.moreRooms', { n: where.length - most })}</div>}
    </div>
  )
}

/** Names of the rooms in which it still holds: "Laboratory 3, Laboratory 4"; empty: in none. */
export const holding = (where: IncidentPlace[]) =>
  where
    .filter((w) => w.firing > 0)
    .map((w) => w.zone_name || w.device_name)
    .join(', ')

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
        {late > 0 && i.state !== 'closed' && <Tag tone="orange">{t('incident.late', { count: late })}</Tag>}
      </Group>
      {page ? (
        <h2>{title}</h2>
      ) : (
        <h3>
          <Link to={`/incidents/${i.id}`}>{title}</Link>
        </h3>
      )}
      {'where' in i && <Rooms where={i.where} most={page ? undefined : 6} />}
      <Text size="xs" c="dimmed" mb={6}>
        <time dateTime={i.opened}>{f.moment(i.opened)}</time> · {t('time.ago', { age: f.ago(i.opened, now) })}{' '}
        · {t('incident.alerts', { count: i.alerts?.length ?? 0 })}
        {!!i.reopened && ` · ${t('incident.reopened', { count: i.reopened })}`}
      </Text>
      {'where' in i && i.state !== 'open' && holding(i.where) && (
        <Notice color="red" variant="light" role="alert" data-testid="still-holds">
          {t('incident.holdsYet.' + i.state, { where: holding(i.where) })}
        </Notice>
      )}
      {page && 'where' in i && <IncidentWhere i={i} />}
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

const shown = 4 // rooms whose plan and camera are shown at once

// Every room with its plan and the nearest camera: where it still holds first.
function IncidentWhere({ i }: { i: IncidentDetail }) {
  const { t } = useT()
  const [all, setAll] = useState(false)
  const rooms = i.where.filter((w) => w.zone)
  return (
    <>
      {rooms.slice(0, all ? rooms.length : shown).map((w) => (
        <WhereIs
          key={w.zone}
          zone={w.zone}
          device={w.device}
          deviceName={w.device_name}
          severity={w.firing > 0 ? i.severity : undefined}
        />
      ))}
      {rooms.length > shown && !all && (
        <Button size="compact-xs" variant="default" mt={6} onClick={() => setAll(true)}>
          {t('wall.moreRooms', { n: rooms.length - shown })}
        </Button>
      )}
    </>
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
      {h.approval === 'waiting' && i.state !== 'closed' && may && (
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
