// The live wall: open alerts, most urgent first.

import { Group, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call, query } from '../api/client'
import type { Alert, Incident, List } from '../api/types'
import { useT } from '../i18n'
import { useLive, useWallAlerts } from '../live'
import { useNow, useSchoolParam, useSession } from '../session'
import { AlertCard } from '../ui/alertcard'
import { IncidentCard } from '../ui/incidentcard'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel } from '../ui/kit'
import { useStillOrder } from '../ui/stillorder'

export function WallPage() {
  const { t } = useT()
  const { me } = useSession()
  const now = useNow(1000)
  const alerts = useWallAlerts()
  const school = useSchoolParam()
  const { get, put } = useAddress()
  const show = ['open', 'acknowledged'].includes(get('show')) ? get('show') : 'all'
  const incidents = useQuery({
    queryKey: ['incidents', 'open', school],
    queryFn: ({ signal }) =>
      call<List<Incident>>('/v1/incidents' + query({ state: 'open', limit: 50, school }), { signal }),
    refetchInterval: 30_000,
  })
  const count = (state: string) => alerts.data?.filter((a) => a.state === state).length ?? 0
  return (
    <Page
      title={t('nav.wall')}
      sub={t('wall.sub', {
        open: count('open'),
        mine: alerts.data?.filter((a) => a.handler === me.user.id).length ?? 0,
      })}
      actions={
        <SegmentedControl
          size="xs"
          value={show}
          onChange={(v) => put('show', v === 'all' ? null : v)}
          aria-label={t('wall.show')}
          data={[
            { value: 'all', label: t('wall.all', { n: alerts.data?.length ?? 0 }) },
            { value: 'open', label: t('wall.open', { n: count('open') }) },
            { value: 'acknowledged', label: t('wall.acknowledged', { n: count('acknowledged') }) },
          ]}
        />
      }>
      <div className="wall">
        <section aria-label={t('wall.alerts')} aria-live="polite" aria-relevant="additions">
          <Loaded q={alerts}>
            {(all) => <Alerts all={all.filter((a) => show === 'all' || a.state === show)} now={now} />}
          </Loaded>
        </section>
        <aside aria-label={t('nav.incidents')}>
          <Panel
            title={t('wall.incidents')}
            actions={
              <Group>
                <Link to="/incidents" className="small">
                  {t('wall.allIncidents')}
                </Link>
              </Group>
            }>
            <Loaded q={incidents}>
              {(d) =>
                d.items?.length ? (
                  <div className="incidents">
                    {d.items.map((i) => (
                      <IncidentCard key={i.id} i={i} now={now} />
                    ))}
                  </div>
                ) : (
                  <Empty title={t('wall.noIncidents')} hint={t('wall.noIncidentsHint')} />
                )
              }
            </Loaded>
          </Panel>
        </aside>
      </div>
    </Page>
  )
}

// The cards keep their order while the pointer is over one.
function Alerts({ all, now }: { all: Alert[]; now: number }) {
  const { t } = useT()
  const live = useLive()
  const still = useStillOrder(all.slice(0, 200), (a) => a.id, '.alert')
  if (still.rows.length === 0)
    return (
      <Panel>
        <Empty
          title={t('wall.quiet')}
          hint={
            <>
              {t('wall.quietHint')} <Link to="/alerts">{t('wall.toHistory')}</Link>
            </>
          }
        />
      </Panel>
    )
  return (
    <div className="alerts" {...still.pointer}>
      {still.rows.map((a) => (
        <AlertCard key={a.id} a={a} now={now} fresh={live.fresh.has(a.id)} gone={still.gone(a)} />
      ))}
    </div>
  )
}
