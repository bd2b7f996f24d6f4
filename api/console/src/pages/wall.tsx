// The live wall: alerts that are not over, most urgent first.

import { Button, Group, SegmentedControl, Select, Text } from '@mantine/core'
import { IconKeyboard } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import { severities, type Alert, type Wall } from '../api/types'
import { useT } from '../i18n'
import { tallied, useLive, useWall, wallMost, wallRows } from '../live'
import { useNow, useSchoolParam } from '../session'
import { AlertCard } from '../ui/alertcard'
import { IncidentCard } from '../ui/incidentcard'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel } from '../ui/kit'
import { usePlaces } from '../ui/states'
import { useStillOrder } from '../ui/stillorder'
import { useWallKeys } from '../ui/wallkeys'

export function WallPage() {
  const { t } = useT()
  const now = useNow(1000)
  const { get, put } = useAddress()
  const [limit, setLimit] = useState(wallRows)
  const show = ['open', 'acknowledged'].includes(get('show')) ? get('show') : 'all'
  const where = {
    building: get('building'),
    zone: get('zone'),
    severity: get('severity'),
    state: show === 'all' ? '' : show,
  }
  const wall = useWall({ ...where, limit })
  const keys = useWallKeys()
  const open = tallied(wall.data?.open)
  const acknowledged = tallied(wall.data?.acknowledged)
  return (
    <Page
      title={t('nav.wall')}
      sub={t('wall.sub', { open, acknowledged })}
      actions={
        <>
          <SegmentedControl
            size="xs"
            value={show}
            onChange={(v) => put('show', v === 'all' ? null : v)}
            aria-label={t('wall.show')}
            data={[
              { value: 'all', label: t('wall.all', { n: open + acknowledged }) },
              { value: 'open', label: t('wall.open', { n: open }) },
              { value: 'acknowledged', label: t('wall.acknowledged', { n: acknowledged }) },
            ]}
          />
          <Button
            size="xs"
            variant="default"
            visibleFrom="md"
            leftSection={<IconKeyboard size={16} aria-hidden />}
            aria-expanded={keys.help}
            onClick={() => keys.setHelp(!keys.help)}>
            {t('wall.keys')}
          </Button>
        </>
      }>
      {keys.help && (
        <Text size="sm" mb="sm" data-testid="keys">
          {t('wall.keysHelp')}
        </Text>
      )}
      <div className="wall">
        <section aria-label={t('wall.alerts')} aria-live="polite" aria-relevant="additions">
          <Filters wall={wall.data} />
          <Loaded q={wall}>
            {(w) => (
              <Alerts w={w} filtered={Object.values(where).some(Boolean)} now={now}>
                <Rest
                  w={w}
                  show={show}
                  severity={where.severity}
                  limit={limit}
                  more={() => setLimit(wallMost)}
                />
              </Alerts>
            )}
          </Loaded>
        </section>
        <Incidents now={now} />
      </div>
    </Page>
  )
}

function Filters({ wall }: { wall: Wall | undefined }) {
  const { t } = useT()
  const { get, put } = useAddress()
  const places = usePlaces()
  const n = (s: (typeof severities)[number]) => (wall ? wall.open[s] + wall.acknowledged[s] : 0)
  return (
    <Group gap="xs" mb="sm" grow wrap="nowrap" preventGrowOverflow={false} maw={640}>
      <Select
        size="xs"
        clearable
        data-wall-search
        placeholder={t('wall.anyBuilding')}
        aria-label={t('wall.building')}
        value={get('building') || null}
        onChange={(x) => put('building', x)}
        data={places.buildings.map((b) => ({ value: b.id, label: b.name }))}
      />
      <Select
        size="xs"
        clearable
        searchable
        placeholder={t('fleet.anyZone')}
        aria-label={t('fleet.zone')}
        value={get('zone') || null}
        onChange={(x) => put('zone', x)}
        data={places.options}
      />
      <Select
        size="xs"
        clearable
        placeholder={t('alerts.anySeverity')}
        aria-label={t('alerts.severity')}
        value={get('severity') || null}
        onChange={(x) => put('severity', x)}
        data={[...severities].reverse().map((s) => ({ value: s, label: `${t('severity.' + s)} ${n(s)}` }))}
      />
    </Group>
  )
}

// The cards keep their order while the pointer is over one.
function Alerts(p: { w: Wall; filtered: boolean; now: number; children: React.ReactNode }) {
  const { t } = useT()
  const live = useLive()
  const still = useStillOrder(p.w.items, (a: Alert) => a.id, '.alert')
  if (still.rows.length === 0)
    return (
      <Panel>
        {p.filtered ? (
          <Empty title={t('wall.noneHere')} hint={t('wall.noneHereHint')} />
        ) : (
          <Empty
            title={t('wall.quiet')}
            hint={
              <>
                {t('wall.quietHint')} <Link to="/alerts">{t('wall.toHistory')}</Link>
              </>
            }
          />
        )}
      </Panel>
    )
  return (
    <>
      <div className="alerts" {...still.pointer}>
        {still.rows.map((a) => (
          <AlertCard key={a.id} a={a} now={p.now} fresh={live.fresh.has(a.id)} gone={still.gone(a)} />
        ))}
      </div>
      {p.children}
    </>
  )
}

// Rest says how many alerts are not shown: the less urgent ones.
function Rest(p: { w: Wall; show: string; severity: string; limit: number; more: () => void }) {
  const { t } = useT()
  const states =
    p.show === 'open'
      ? [p.w.open]
      : p.show === 'acknowledged'
        ? [p.w.acknowledged]
        : [p.w.open, p.w.acknowledged]
  const severity = severities.find((s) => s === p.severity)
  const all = states.reduce((n, tally) => n + (severity ? tally[severity] : tallied(tally)), 0)
  const shown = p.w.items.length
  if (shown >= all) return null
  return (
    <Group mt="sm" gap="sm" data-testid="rest">
      <Text size="sm">{t('wall.some', { n: shown, all })}</Text>
      {p.limit < wallMost ? (
        <Button size="xs" variant="default" onClick={p.more}>
          {t('wall.more')}
        </Button>
      ) : (
        <Text size="sm">{t('wall.narrow')}</Text>
      )}
    </Group>
  )
}

function Incidents({ now }: { now: number }) {
  const { t } = useT()
  const school = useSchoolParam()
  const incidents = useQuery({
    queryKey: ['incidents', 'open', school],
    queryFn: ({ signal }) => call('/v1/incidents', { query: { state: 'open', limit: 50, school }, signal }),
    refetchInterval: 30_000,
  })
  return (
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
                {d.next && <Text size="sm">{t('wall.moreIncidents', { n: d.items.length })}</Text>}
              </div>
            ) : (
              <Empty title={t('wall.noIncidents')} hint={t('wall.noIncidentsHint')} />
            )
          }
        </Loaded>
      </Panel>
    </aside>
  )
}
