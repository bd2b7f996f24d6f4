// Incidents: what happened, the procedure, the hand-over, and the alerts that belong together.

import { Button, SegmentedControl, Select } from '@mantine/core'
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from 'react-router'
import { APIError, ask, call } from '../api/client'
import type { Incident, IncidentDetail } from '../api/types'
import { useT } from '../i18n'
import { useWall } from '../live'
import { useFormat, useNow, useSchoolParam, useSession } from '../session'
import { AlertCard } from '../ui/alertcard'
import { IncidentCard } from '../ui/incidentcard'
import { IncidentLog } from '../ui/incidentlog'
import { Empty, Loaded, Page, Panel, saidError, Trouble, Wait } from '../ui/kit'
import { useAddress } from '../ui/address'
import { OpenIncident } from '../ui/openincident'
import { PagedList, usePaged } from '../ui/paged'
import { WhoWasTold } from '../ui/told'

export function IncidentsPage() {
  const { t } = useT()
  const now = useNow()
  const school = useSchoolParam()
  const { can } = useSession()
  const { get, put, change } = useAddress()
  const state = ['closed', 'all'].includes(get('state')) ? get('state') : 'open'
  const list = usePaged(
    'incidents',
    '/v1/incidents',
    { state: { open: 'open,contained', closed: 'closed', all: '' }[state], school },
    { limit: 30 },
  )
  return (
    <Page
      title={t('nav.incidents')}
      sub={t('incident.sub')}
      actions={
        <>
          {can('alerts:write') && (
            <Button size="xs" data-testid="open-incident" onClick={() => put('open', 'yes')}>
              {t('incident.open')}
            </Button>
          )}
          <Button component={Link} to="/procedures" size="xs" variant="default">
            {t('procedure.title')}
          </Button>
          <Button component={Link} to="/shift" size="xs" variant="default">
            {t('shift.title')}
          </Button>
          <SegmentedControl
            size="xs"
            value={state}
            onChange={(v) => put('state', v === 'open' ? null : v)}
            aria-label={t('incident.show')}
            data={['open', 'closed', 'all'].map((v) => ({ value: v, label: t('incident.filter.' + v) }))}
          />
        </>
      }>
      {get('open') && can('alerts:write') && (
        <OpenIncident zone={get('zone')} onClose={() => change({ open: null, zone: null })} />
      )}
      <PagedList
        list={list}
        empty={
          <Panel>
            <Empty title={t('incident.none.' + state)} hint={t('incident.noneHint')} />
          </Panel>
        }>
        {(rows) => (
          <div className="incidents-wide">
            {rows.map((i) => (
              <IncidentCard key={i.id} i={i} now={now} />
            ))}
          </div>
        )}
      </PagedList>
    </Page>
  )
}

export function IncidentPage() {
  const { id = '' } = useParams()
  const { t } = useT()
  const now = useNow()
  const q = useQuery({
    queryKey: ['incident', id],
    queryFn: () => call(`/v1/incidents/${encodeURIComponent(id)}`),
  })
  if (q.error instanceof APIError && q.error.status === 404)
    return (
      <Page title={t('nav.incidents')}>
        <Empty title={t('incident.gone')} hint={<Link to="/incidents">{t('wall.allIncidents')}</Link>} />
      </Page>
    )
  return (
    <Page
      title={t('incident.one')}
      sub={<Link to="/incidents">{t('wall.allIncidents')}</Link>}
      actions={
        <Button component={Link} to={`/incidents/${id}/report`} size="xs" variant="default">
          {t('incident.report')}
        </Button>
      }>
      <Loaded q={q}>
        {(i) => (
          <div className="two">
            <IncidentCard i={i} now={now} page />
            <div>
              <Panel title={t('incident.itsAlerts')} actions={<AddAlerts i={i} />}>
                <AlertsOf i={i} />
              </Panel>
              <WhoWasTold i={i} />
              <Panel title={t('incident.log')}>
                <IncidentLog i={i} />
              </Panel>
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  )
}

// Moves alerts into or out of an incident.
function useMove(i: Incident) {
  const { t } = useT()
  const cache = useQueryClient()
  return async (body: { add?: string[]; remove?: string[] }) => {
    try {
      await ask(`/v1/incidents/${encodeURIComponent(i.id)}/alerts`, {
        method: 'POST',
        body: { version: i.version, ...body },
      })
    } catch (e) {
      saidError(e, t)
    }
    for (const key of ['incidents', 'incident', 'alerts', 'alert'])
      await cache.invalidateQueries({ queryKey: [key] })
  }
}

function AddAlerts({ i }: { i: IncidentDetail }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const move = useMove(i)
  const wall = useWall().data
  if (!can('alerts:write') || i.merged_into) return null
  const data = (wall?.items ?? [])
    .filter((a) => a.school === i.school && a.incident !== i.id && !!a.drill === !!i.drill)
    .map((a) => ({
      value: a.id,
      label: [f.local(a.title, a.title_zh), a.zone_name, f.clock(a.opened)].filter(Boolean).join(' · '),
    }))
  return (
    <Select
      size="xs"
      searchable
      value={null}
      aria-label={t('incident.add')}
      placeholder={t('incident.add')}
      nothingFoundMessage={t('incident.noneToAdd')}
      data={data}
      onChange={(id) => id && void move({ add: [id] })}
    />
  )
}

function AlertsOf({ i }: { i: IncidentDetail }) {
  const { t } = useT()
  const { can } = useSession()
  const move = useMove(i)
  const ids = i.alerts ?? []
  const all = useQueries({
    queries: ids.slice(0, 50).map((id) => ({
      queryKey: ['alert', id],
      queryFn: () => call(`/v1/alerts/${encodeURIComponent(id)}`),
    })),
  })
  if (ids.length === 0) return <Empty title={t('incident.noAlerts')} />
  return (
    <div className="incidents">
      {all.map((q, n) =>
        q.data ? (
          <div key={ids[n]}>
            <AlertCard a={q.data} />
            {can('alerts:write') && !i.merged_into && (
              <button type="button" className="quiet-deed" onClick={() => void move({ remove: [ids[n]!] })}>
                {t('incident.takeOut')}
              </button>
            )}
          </div>
        ) : q.isError ? (
          <Trouble key={ids[n]} error={q.error} />
        ) : (
          <Wait key={ids[n]} />
        ),
      )}
      {ids.length > 50 && <p className="dim">{t('incident.moreAlerts', { n: ids.length - 50 })}</p>}
    </div>
  )
}
