// Incidents: what happened, the procedure, the hand-over, and the alerts that belong together.

import { SegmentedControl } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router'
import { APIError, call } from '../api/client'
import { useT } from '../i18n'
import { useNow, useSchoolParam } from '../session'
import { AlertCard } from '../ui/alertcard'
import { IncidentCard } from '../ui/incidentcard'
import { Empty, Loaded, Page, Panel, Trouble, Wait } from '../ui/kit'
import { useAddress } from '../ui/address'
import { PagedList, usePaged } from '../ui/paged'

export function IncidentsPage() {
  const { t } = useT()
  const now = useNow()
  const school = useSchoolParam()
  const { get, put } = useAddress()
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
        <SegmentedControl
          size="xs"
          value={state}
          onChange={(v) => put('state', v === 'open' ? null : v)}
          aria-label={t('incident.show')}
          data={['open', 'closed', 'all'].map((v) => ({ value: v, label: t('incident.filter.' + v) }))}
        />
      }>
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
    <Page title={t('incident.one')} sub={<Link to="/incidents">{t('wall.allIncidents')}</Link>}>
      <Loaded q={q}>
        {(i) => (
          <div className="two">
            <IncidentCard i={i} now={now} page />
            <Panel title={t('incident.itsAlerts')}>
              <AlertsOf ids={i.alerts ?? []} />
            </Panel>
          </div>
        )}
      </Loaded>
    </Page>
  )
}

function AlertsOf({ ids }: { ids: string[] }) {
  const { t } = useT()
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
          <AlertCard key={ids[n]} a={q.data} where={n < 4} />
        ) : q.isError ? (
          <Trouble key={ids[n]} error={q.error} />
        ) : (
          <Wait key={ids[n]} />
        ),
      )}
    </div>
  )
}
