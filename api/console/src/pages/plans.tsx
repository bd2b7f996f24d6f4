// Floor plans: every floor with its alarms, and one floor with rooms and devices as they are now.

import { ActionIcon, Button, Group, Text } from '@mantine/core'
import { IconPencil, IconZoomIn, IconZoomOut } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { APIError, tagged } from '../api/client'
import { severities, type Alert, type Floor, type FloorPlan, type Severity } from '../api/types'
import { useT } from '../i18n'
import { useWall, wallMost } from '../live'
import { useSession } from '../session'
import { useAddress } from '../ui/address'
import { AlertCard } from '../ui/alertcard'
import { Empty, Loaded, Page, Panel } from '../ui/kit'
import { PlanView, type Alarms } from '../ui/plan'
import { PlanEditor } from '../ui/planeditor'
import { DeviceTag, SeverityTag, usePlaces } from '../ui/states'

const worse = (a: Severity | undefined, b: Severity) =>
  a === undefined || severities.indexOf(b) > severities.indexOf(a) ? b : a

/** The most severe alarm of each zone and device. */
function alarmsOf(alerts: Alert[]): Alarms {
  const out: Alarms = { devices: new Map(), zones: new Map() }
  for (const a of alerts) {
    if (a.zone) out.zones.set(a.zone, worse(out.zones.get(a.zone), a.severity))
    if (a.device) out.devices.set(a.device, worse(out.devices.get(a.device), a.severity))
  }
  return out
}

export function PlansPage() {
  const { t } = useT()
  const { can } = useSession()
  const places = usePlaces()
  const alarms = alarmsOf(useWall({ limit: wallMost }).data?.items ?? [])
  const worst = (f: Floor) =>
    places.zones
      .filter((z) => z.floor === f.id)
      .map((z) => alarms.zones.get(z.id))
      .reduce((a, b) => (b ? worse(a, b) : a), undefined)
  return (
    <Page title={t('nav.plans')} sub={t('plan.sub')}>
      <Loaded q={places.q}>
        {() =>
          places.floors.length === 0 ? (
            <Panel>
              <Empty
                title={t('plan.none')}
                hint={
                  can('devices:write') ? (
                    <Link to="/settings/places">{t('plan.toPlaces')}</Link>
                  ) : (
                    t('plan.noneHint')
                  )
                }
              />
            </Panel>
          ) : (
            places.buildings
              .filter((b) => places.floors.some((f) => f.building === b.id))
              .map((b) => (
                <Panel key={b.id} title={b.name}>
                  <div className="floors">
                    {places.floors
                      .filter((f) => f.building === b.id)
                      .map((f) => (
                        <FloorLink key={f.id} f={f} alarm={worst(f)} />
                      ))}
                  </div>
                </Panel>
              ))
          )
        }
      </Loaded>
    </Page>
  )
}

function FloorLink({ f, alarm }: { f: Floor; alarm?: Severity }) {
  const { t } = useT()
  return (
    <Link to={`/plans/${f.id}`} className="floor" data-alarm={alarm}>
      <b>{f.name}</b>
      {alarm ? <SeverityTag s={alarm} /> : !f.plan && <span className="small">{t('plan.without')}</span>}
    </Link>
  )
}

export function PlanPage() {
  const { id = '' } = useParams()
  const { t } = useT()
  const { can } = useSession()
  const { get, change } = useAddress()
  const places = usePlaces()
  const q = useQuery({
    queryKey: ['plan', id],
    queryFn: () => tagged<FloorPlan>(`/v1/floors/${encodeURIComponent(id)}/plan`, {}),
    refetchInterval: 10_000,
  })
  const editing = get('edit') !== '' && can('devices:write')
  if (q.error instanceof APIError && q.error.status === 404)
    return (
      <Page title={t('nav.plans')}>
        <Empty title={t('plan.gone')} hint={<Link to="/plans">{t('plan.all')}</Link>} />
      </Page>
    )
  const floor = q.data?.body.floor
  const building = places.buildings.find((b) => b.id === floor?.building)?.name
  return (
    <Page
      title={floor ? [building, floor.name].filter(Boolean).join(' · ') : t('nav.plans')}
      sub={<Link to="/plans">{t('plan.all')}</Link>}
      actions={
        can('devices:write') &&
        !editing && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPencil size={15} aria-hidden />}
            onClick={() => change({ edit: 'yes' })}>
            {t('plan.edit')}
          </Button>
        )
      }>
      <Loaded q={q}>
        {(d) =>
          editing ? (
            <PlanEditor
              key={id}
              plan={d.body}
              etag={d.etag}
              onDone={() => change({ edit: null }, { replace: true })}
            />
          ) : (
            <Floorwatch plan={d.body} />
          )
        }
      </Loaded>
    </Page>
  )
}

function Floorwatch({ plan }: { plan: FloorPlan }) {
  const { t } = useT()
  const { get } = useAddress()
  const [zoom, setZoom] = useState(1)
  const here = new Set(plan.rooms.map((r) => r.id))
  const wall = useWall({ building: plan.floor.building, limit: wallMost })
  const alerts = (wall.data?.items ?? []).filter((a) => a.zone && here.has(a.zone))
  const loose = plan.devices.filter((d) => !d.spot).length
  return (
    <div className="planpage">
      <Panel
        title={t('plan.title')}
        actions={
          plan.floor.plan && (
            <Group gap={4}>
              <ActionIcon
                variant="default"
                aria-label={t('plan.smaller')}
                disabled={zoom <= 1}
                onClick={() => setZoom((z) => Math.max(1, z - 0.5))}>
                <IconZoomOut size={16} />
              </ActionIcon>
              <ActionIcon
                variant="default"
                aria-label={t('plan.larger')}
                disabled={zoom >= 4}
                onClick={() => setZoom((z) => Math.min(4, z + 0.5))}>
                <IconZoomIn size={16} />
              </ActionIcon>
            </Group>
          )
        }>
        {plan.floor.plan ? (
          <PlanView
            plan={plan}
            alarms={alarmsOf(alerts)}
            zoom={zoom}
            room={get('room')}
            device={get('device')}
          />
        ) : (
          <Empty title={t('plan.without')} hint={t('plan.withoutHint')} />
        )}
        {loose > 0 && plan.floor.plan && (
          <Text size="xs" c="dimmed" mt={6}>
            {t('plan.loose', { n: loose })}
          </Text>
        )}
      </Panel>
      <div>
        <Panel title={t('plan.alerts')}>
          {alerts.length ? (
            <div className="incidents">
              {alerts.slice(0, 20).map((a) => (
                <AlertCard key={a.id} a={a} />
              ))}
              {alerts.length > 20 && <Text size="sm">{t('plan.moreAlerts', { n: alerts.length - 20 })}</Text>}
            </div>
          ) : (
            <Empty title={t('plan.quiet')} />
          )}
        </Panel>
        <Panel title={t('plan.devices')}>
          <ul className="plan-list">
            {plan.devices.map((d) => (
              <li key={d.id}>
                <Link to={`/fleet/${d.id}`}>{d.name || d.id}</Link> <DeviceTag s={d.state} />
              </li>
            ))}
          </ul>
          {plan.devices.length === 0 && <Empty title={t('plan.noDevices')} hint={t('plan.noDevicesHint')} />}
        </Panel>
      </div>
    </div>
  )
}
