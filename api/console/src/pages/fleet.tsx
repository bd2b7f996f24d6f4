// The devices with their states and current values.

import { Button, Select } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../api/client'
import { deviceStates, deviceTypes, type Device } from '../api/types'
import { useT } from '../i18n'
import { reasonText } from '../lib/reason'
import { useFormat, useNow, useSchoolParam, useSession } from '../session'
import { Empty, Page, Panel, Rows, Tag } from '../ui/kit'
import { useAddress } from '../ui/address'
import { PagedList, usePaged } from '../ui/paged'
import { SearchField } from '../ui/searchfield'
import { DeviceTag, usePlaces, useProfiles } from '../ui/states'
import { WeakChip, WeakFilter, WeakTag } from '../ui/weak'

export function FleetPage() {
  const { t } = useT()
  const { can } = useSession()
  const f = useFormat()
  const now = useNow(1000)
  const school = useSchoolParam()
  const places = usePlaces()
  const { get, put } = useAddress()
  const filter = {
    state: get('state'),
    type: get('type'),
    driver: get('driver'),
    zone: get('zone'),
    weak: get('weak'),
    q: get('q'),
    school,
  }
  const sort = { by: get('sort'), to: (by: string | null) => put('sort', by) }
  const list = usePaged('devices', '/v1/devices', { ...filter, sort: sort.by }, { every: 3000 })
  const summary = useQuery({
    queryKey: ['devices', 'summary', school],
    queryFn: () => call('/v1/devices/summary', { query: { school } }),
    refetchInterval: 5000,
  })
  const drivers = useDrivers()
  const total = Object.values(summary.data?.states ?? {}).reduce((a, b) => a + b, 0)
  const filtered = Object.entries(filter).some(([k, v]) => v && k !== 'school')
  return (
    <Page
      title={t('nav.fleet')}
      sub={summary.data ? t('fleet.sub', { n: f.number(total) }) : undefined}
      actions={
        can('devices:write') && (
          <Button component={Link} to="/fleet/add" leftSection={<IconPlus size={16} />}>
            {t('fleet.add')}
          </Button>
        )
      }>
      <div className="chips" role="group" aria-label={t('fleet.states')}>
        {deviceStates
          .filter((s) => summary.data?.states[s] || get('state') === s)
          .map((s) => (
            <button
              type="button"
              key={s}
              className="chip"
              aria-pressed={get('state') === s}
              onClick={() => put('state', get('state') === s ? null : s)}>
              <b>{f.number(summary.data?.states[s] ?? 0)}</b> <DeviceTag s={s} />
            </button>
          ))}
        <WeakChip counts={summary.data?.weak} />
      </div>
      <Panel flush label={t('nav.fleet')}>
        <div className="filters">
          <SearchField label={t('fleet.search')} />
          <Select
            clearable
            placeholder={t('fleet.anyType')}
            aria-label={t('fleet.type')}
            value={get('type') || null}
            onChange={(v) => put('type', v)}
            data={deviceTypes.map((x) => ({
              value: x,
              label: `${t('deviceType.' + x)}${summary.data?.types[x] ? ` (${summary.data.types[x]})` : ''}`,
            }))}
          />
          <Select
            clearable
            placeholder={t('fleet.anyState')}
            aria-label={t('fleet.state')}
            value={get('state') || null}
            onChange={(v) => put('state', v)}
            data={deviceStates.map((x) => ({ value: x, label: t('deviceState.' + x) }))}
          />
          <Select
            clearable
            searchable
            placeholder={t('fleet.anyZone')}
            aria-label={t('fleet.zone')}
            value={get('zone') || null}
            onChange={(v) => put('zone', v)}
            data={places.options}
          />
          {can('drivers:read') && (
            <Select
              clearable
              placeholder={t('fleet.anyDriver')}
              aria-label={t('fleet.driver')}
              value={get('driver') || null}
              onChange={(v) => put('driver', v)}
              data={[...new Set(['mqtt-front', ...(drivers.data?.items ?? []).map((d) => d.name)])].map(
                (n) => ({ value: n, label: n === 'mqtt-front' ? t('fleet.mqttFront') : n }),
              )}
            />
          )}
          <WeakFilter counts={summary.data?.weak} />
        </div>
        <PagedList
          list={list}
          empty={
            <Empty
              title={filtered ? t('fleet.noneMatch') : t('fleet.none')}
              hint={filtered ? t('fleet.noneMatchHint') : t('fleet.noneHint')}>
              {!filtered && can('devices:write') && (
                <Button mt="sm" component={Link} to="/fleet/add">
                  {t('fleet.add')}
                </Button>
              )}
            </Empty>
          }>
          {(rows) => (
            <Rows
              label={t('nav.fleet')}
              rows={rows}
              id={(d) => d.id}
              to={(d) => `/fleet/${d.id}`}
              sort={sort}
              columns={[
                {
                  key: 'name',
                  sort: 'name',
                  label: t('fleet.name'),
                  main: true,
                  cell: (d) => <Link to={`/fleet/${d.id}`}>{d.name || d.id}</Link>,
                },
                { key: 'state', sort: 'state', label: t('fleet.state'), cell: (d) => <StateOf d={d} /> },
                { key: 'values', label: t('fleet.values'), cell: (d) => <TwinValues d={d} max={4} /> },
                { key: 'type', label: t('fleet.type'), cell: (d) => t('deviceType.' + d.type) },
                { key: 'zone', sort: 'zone', label: t('fleet.zone'), cell: (d) => places.zoneName(d.zone) },
                { key: 'driver', label: t('fleet.driver'), cell: (d) => <Tag>{d.driver}</Tag> },
                {
                  key: 'seen',
                  label: t('fleet.seen'),
                  right: true,
                  nowrap: true,
                  cell: (d) => f.ago(d.twin.last_seen, now),
                },
              ]}
            />
          )}
        </PagedList>
      </Panel>
    </Page>
  )
}

function StateOf({ d }: { d: Device }) {
  const { t } = useT()
  return (
    <span>
      <span title={d.twin.reason && reasonText(d.twin, t)}>
        <DeviceTag s={d.enabled ? d.twin.state : 'disabled'} />
      </span>{' '}
      <WeakTag d={d} />
    </span>
  )
}

export function useDrivers() {
  const { can } = useSession()
  return useQuery({
    queryKey: ['drivers'],
    queryFn: () => call('/v1/drivers'),
    enabled: can('drivers:read'),
    refetchInterval: 10_000,
  })
}

/** A device's last reported values, with names and units. */
export function TwinValues({ d, max = 99 }: { d: Device; max?: number }) {
  const profiles = useProfiles()
  const f = useFormat()
  const all = Object.entries(d.twin.reported ?? {})
  if (all.length === 0) return <span className="score">–</span>
  return (
    <div className="values">
      {all.slice(0, max).map(([k, v]) => (
        <span key={k} className="value">
          <span>{profiles.title(k, d.profile)}</span>{' '}
          <b>{f.value(v.value, profiles.property(k, d.profile))}</b>
        </span>
      ))}
      {all.length > max && <span className="value">+{all.length - max}</span>}
    </div>
  )
}
