// One device: its twin, charts, desired values, commands and state changes.

import {
  Button,
  Group,
  NumberInput,
  Select,
  SegmentedControl,
  Switch,
  Tabs,
  Text,
  TextInput,
} from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import { APIError, call } from '../api/client'
import { change, remove } from '../api/change'
import type { Action, Device, DeviceCreated, Property, Value, Sent } from '../api/types'
import { useT } from '../i18n'
import { timeOf, unitText } from '../lib/format'
import { reasonText } from '../lib/reason'
import { useFormat, useNow, useSession } from '../session'
import { CameraView } from '../ui/cameraview'
import { Chart } from '../ui/chart'
import { CertificatesPanel, DeviceTroubles } from '../ui/certificates'
import { CommandsPanel } from '../ui/commands'
import { Credentials } from '../ui/credentials'
import { SecretAgain, useSecretFields } from '../ui/secretagain'
import { Ask } from '../ui/ask'
import { Empty, Facts, leaves, Loaded, Page, Panel, Rows, said, Tag } from '../ui/kit'
import { OccurrenceRows } from '../ui/occurrences'
import { PagedList, usePaged } from '../ui/paged'
import { KeptContent } from '../ui/refused'
import { SightingLine } from '../ui/sightings'
import { DevicePicker, useDeviceName } from '../ui/devicepicker'
import { DeviceTag, usePlaces, useProfiles } from '../ui/states'
import { DriverField } from '../ui/driverfield'
import { useDrivers } from './fleet'
import { DeviceMaintenance } from './maintenance/device'
import { UnknownFieldsPanel } from '../ui/unknownfields'
import { WeakNotice } from '../ui/weak'
import { When } from '../ui/when'
import { useAddress, useOpen } from '../ui/address'
import { ShownOnce } from '../ui/once'
import { FormDialog, useForm } from '../ui/form'

export function DevicePage() {
  const { id = '' } = useParams()
  const { t } = useT()
  const q = useQuery({
    queryKey: ['device', id],
    queryFn: ({ signal }) => call(`/v1/devices/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: (x) =>
      x.state.error instanceof APIError && x.state.error.status === 404 ? false : 1500,
  })
  if (!q.data && q.error instanceof APIError && q.error.status === 404) {
    return (
      <Page title={id}>
        <Empty title={t('device.gone')} hint={<Link to="/fleet">{t('device.toFleet')}</Link>} />
      </Page>
    )
  }
  return <Loaded q={q}>{(d) => <DeviceView d={d} />}</Loaded>
}

function DeviceView({ d }: { d: Device }) {
  const { t } = useT()
  const { can } = useSession()
  const f = useFormat()
  const now = useNow(1000)
  const places = usePlaces()
  const behind = useDeviceName(d.behind ?? '')
  const profiles = useProfiles()
  const profile = profiles.get(d.profile)
  const numeric = Object.entries(profile?.properties ?? {}).filter(([, p]) => p.type !== 'string')
  const sees = (profile?.sightings?.length ?? 0) > 0
  const happens = Object.keys(profile?.events ?? {}).length > 0
  const { get, put } = useAddress()
  return (
    <Page
      title={d.name || d.id}
      sub={
        <Group gap={6}>
          <DeviceTag s={d.enabled ? d.twin.state : 'disabled'} /> {t('deviceType.' + d.type)} ·{' '}
          {places.zoneName(d.zone)} ·{' '}
          {timeOf(d.twin.last_seen)
            ? t('device.seen', { age: f.ago(d.twin.last_seen, now) })
            : t('device.seenNever')}
        </Group>
      }
      actions={can('devices:write') && <DeviceDeeds d={d} />}>
      {d.enabled && d.twin.state === 'flapping' && (
        <Text size="sm" c="dimmed">
          {t('device.flapping')}
        </Text>
      )}
      {d.enabled && d.twin.state !== 'online' && d.twin.reason && (
        <div className="trouble">
          <Tag tone="orange">{t('device.why')}</Tag> {reasonText(d.twin, t)}
        </div>
      )}
      <WeakNotice d={d} />
      <DeviceTroubles id={d.id} />
      <Tabs
        value={get('tab') || 'now'}
        onChange={(v) => put('tab', v === 'now' ? null : v)}
        keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="now">{t('device.now')}</Tabs.Tab>
          {sees && can('sightings:read') && <Tabs.Tab value="sightings">{t('device.sightings')}</Tabs.Tab>}
          {(happens || get('tab') === 'happened') && (
            <Tabs.Tab value="happened">{t('device.happened')}</Tabs.Tab>
          )}
          <Tabs.Tab value="log">{t('device.log')}</Tabs.Tab>
          <Tabs.Tab value="rejected">{t('device.rejected')}</Tabs.Tab>
          <Tabs.Tab value="about">{t('device.about')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="now">
          {d.type === 'camera' && can('camera:view') && (
            <Panel
              title={t('device.view')}
              flush
              actions={
                <Link to={`/cameras/${d.id}`} className="small">
                  {t('device.toCamera')}
                </Link>
              }>
              <CameraView id={d.id} name={d.name} />
            </Panel>
          )}
          <TwinPanel d={d} properties={profile?.properties ?? {}} />
          <UnknownFieldsPanel d={d} />
          {can('devices:write') && <Actions d={d} actions={profile?.actions ?? {}} />}
          <CommandsPanel d={d} />
          {can('alerts:read') && <DeviceMaintenance id={d.id} school={d.school} />}
          {numeric.length > 0 && can('telemetry:read') && <Charts d={d} properties={numeric} />}
        </Tabs.Panel>
        <Tabs.Panel value="sightings">
          <SightingsOf id={d.id} />
        </Tabs.Panel>
        <Tabs.Panel value="happened">
          <OccurrencesOf id={d.id} />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <StatusLog id={d.id} />
        </Tabs.Panel>
        <Tabs.Panel value="rejected">
          <Rejections id={d.id} />
        </Tabs.Panel>
        <Tabs.Panel value="about">
          <CertificatesPanel d={d} />
          <Panel title={t('device.about')}>
            <Facts
              items={[
                [t('device.id'), d.id],
                [t('device.serial'), d.serial || '–'],
                [t('fleet.driver'), d.driver],
                [t('device.profile'), f.local(profile?.title, profile?.title_zh) || d.profile],
                [t('fleet.zone'), places.zoneName(d.zone)],
                ...(d.behind ? [[t('device.behind'), behind] as [string, string]] : []),
                [t('weak.filter.label'), t('weak.about.' + (d.twin.weak || 'unknown'))],
                [t('device.created'), f.moment(d.created)],
                ...Object.entries(d.address ?? {}).map(([k, v]): [string, string] => [k, v]),
              ]}
            />
          </Panel>
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

function TwinPanel({ d, properties }: { d: Device; properties: Record<string, Property> }) {
  const { t } = useT()
  const f = useFormat()
  const now = useNow(1000)
  const { can } = useSession()
  const profiles = useProfiles()
  const [wish, setWish, unwish] = useOpen('set')
  const names = [...new Set([...Object.keys(properties), ...Object.keys(d.twin.reported ?? {})])].sort()
  const desired = names.some((n) => d.twin.desired?.[n])
  if (names.length === 0)
    return (
      <Panel title={t('device.twin')}>
        <Empty title={t('device.noProperties')} />
      </Panel>
    )
  return (
    <Panel title={t('device.twin')} flush>
      <Rows
        label={t('device.twin')}
        rows={names}
        id={(n) => n}
        columns={[
          { key: 'name', label: t('device.property'), main: true, cell: (n) => profiles.title(n, d.profile) },
          {
            key: 'value',
            label: t('device.reported'),
            cell: (n) => <b>{f.value(d.twin.reported?.[n]?.value, properties[n])}</b>,
          },
          {
            key: 'age',
            label: t('device.measured'),
            nowrap: true,
            cell: (n) => f.ago(d.twin.reported?.[n]?.time, now),
          },
          ...(desired
            ? [
                {
                  key: 'desired',
                  label: t('device.desired'),
                  cell: (n: string) => f.value(d.twin.desired?.[n]?.value, properties[n]),
                },
              ]
            : []),
          {
            key: 'do',
            label: '',
            right: true,
            cell: (n) =>
              properties[n]?.writable && can('devices:write') ? (
                <Button size="compact-xs" variant="default" onClick={() => setWish(n)}>
                  {t('device.set')}
                </Button>
              ) : null,
          },
        ]}
      />
      {properties[wish]?.writable && can('devices:write') && (
        <Wish key={wish} d={d} name={wish} property={properties[wish]} onClose={unwish} />
      )}
    </Panel>
  )
}

/** A field for one value of a property's type. */
function ValueField({
  p,
  label,
  value,
  onChange,
}: {
  p: Property
  label: string
  value: Value | undefined
  onChange: (v: Value) => void
}) {
  const { t } = useT()
  const named = unitText(p.unit) ? `${label} (${unitText(p.unit)})` : label
  if (p.type === 'boolean')
    return (
      <Switch label={named} checked={value === true} onChange={(e) => onChange(e.currentTarget.checked)} />
    )
  if (p.enum?.length)
    return (
      <Select
        label={named}
        data={p.enum}
        value={typeof value === 'string' ? value : null}
        onChange={(v) => onChange(v)}
        required
      />
    )
  if (p.type === 'number') {
    const range =
      p.minimum !== undefined || p.maximum !== undefined
        ? t('device.range', { min: p.minimum ?? '…', max: p.maximum ?? '…' })
        : undefined
    return (
      <NumberInput
        label={named}
        description={range}
        value={typeof value === 'number' ? value : ''}
        onChange={(v) => onChange(v === '' ? null : Number(v))}
        required
        hideControls
      />
    )
  }
  return (
    <TextInput
      label={named}
      value={typeof value === 'string' ? value : ''}
      onChange={(e) => onChange(e.currentTarget.value)}
      maxLength={1024}
    />
  )
}

function Wish({
  d,
  name,
  property,
  onClose,
}: {
  d: Device
  name: string
  property: Property
  onClose: () => void
}) {
  const { t } = useT()
  const cache = useQueryClient()
  const profiles = useProfiles()
  const [value, setValue] = useState<Value>(
    d.twin.desired?.[name]?.value ??
      d.twin.reported?.[name]?.value ??
      ({ boolean: false, string: property.enum ? null : '', number: null } as const)[property.type],
  )
  return (
    <Ask
      opened
      onClose={onClose}
      title={t('device.setTitle', { name: profiles.title(name, d.profile) })}
      deed={t('device.set')}
      text={t('device.setText')}
      over={value === null}
      onDo={async () => {
        if (value === null) return leaves
        const r = await call(`/v1/devices/${encodeURIComponent(d.id)}/desired/${encodeURIComponent(name)}`, {
          method: 'PUT',
          body: { value } satisfies Sent<'DesiredInput'>,
        })
        if (r?.state) said(t('commands.means.' + r.state))
        await cache.invalidateQueries({ queryKey: ['device', d.id] })
      }}>
      <ValueField p={property} label={profiles.title(name, d.profile)} value={value} onChange={setValue} />
    </Ask>
  )
}

function Actions({ d, actions }: { d: Device; actions: Record<string, Action> }) {
  const { t } = useT()
  const f = useFormat()
  const [name, setName, noName] = useOpen('command')
  const all = Object.entries(actions)
  if (all.length === 0) return null
  return (
    <Panel title={t('device.actions')}>
      <Group gap="xs">
        {all.map(([n, a]) => (
          <Button key={n} variant="default" onClick={() => setName(n)}>
            {f.local(a.title, a.title_zh) || n}
          </Button>
        ))}
      </Group>
      {actions[name] && <Command key={name} d={d} name={name} action={actions[name]} onClose={noName} />}
    </Panel>
  )
}

function Command({
  d,
  name,
  action,
  onClose,
}: {
  d: Device
  name: string
  action: Action
  onClose: () => void
}) {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const f = useFormat()
  const inputs = Object.entries(action.input ?? {})
  const [values, setValues] = useState<Record<string, Value>>(() =>
    Object.fromEntries(inputs.filter(([, p]) => p.type === 'boolean').map(([k]) => [k, false])),
  )
  // A threat level holds the device: it takes a reason, of who may give the all-clear.
  const [held, setHeld] = useState(false)
  return (
    <Ask
      opened
      onClose={onClose}
      title={f.local(action.title, action.title_zh) || name}
      deed={t('device.send')}
      text={t('device.sendText', { name: d.name || d.id })}
      comment={held && can('lockdown:clear') ? { label: t('lockdown.whyPast'), required: true } : undefined}
      onDo={async (override) => {
        const given = (e: [string, Value]): e is [string, NonNullable<Value>] => e[1] !== null && e[1] !== ''
        const set = Object.fromEntries(Object.entries(values).filter(given))
        const r = await call(`/v1/devices/${encodeURIComponent(d.id)}/commands`, {
          method: 'POST',
          body: { action: name, values: set, override: override || undefined } satisfies Sent<'CommandInput'>,
        }).catch((e: unknown) => {
          if (e instanceof APIError && e.why.reason === 'level_holds') setHeld(true)
          throw e
        })
        said(r?.state ? t('commands.means.' + r.state) : r?.message || t('device.sent'))
        await cache.invalidateQueries({ queryKey: ['device', d.id, 'commands'] })
      }}>
      {inputs.map(([k, p]) => (
        <ValueField
          key={k}
          p={p}
          label={f.local(p.title, p.title_zh) || k}
          value={values[k]}
          onChange={(v) => setValues({ ...values, [k]: v })}
        />
      ))}
    </Ask>
  )
}

function Charts({ d, properties }: { d: Device; properties: [string, Property][] }) {
  const { t } = useT()
  const profiles = useProfiles()
  const { get, change } = useAddress()
  const hours = get('hours') || '1'
  return (
    <Panel
      title={t('device.charts')}
      actions={
        <SegmentedControl
          size="xs"
          value={hours}
          onChange={(h) => change({ hours: h === '1' ? null : h })}
          aria-label={t('device.span')}
          data={['1', '6', '24', '168'].map((h) => ({ value: h, label: t('device.hours' + h) }))}
        />
      }>
      <div className="charts">
        {properties.map(([n, p]) => (
          <Chart
            key={n}
            device={d.id}
            property={n}
            title={profiles.title(n, d.profile)}
            unit={unitText(p.unit)}
            hours={Number(hours)}
            boolean={p.type === 'boolean'}
          />
        ))}
      </div>
    </Panel>
  )
}

function SightingsOf({ id }: { id: string }) {
  const { t } = useT()
  const [reason, setReason] = useState('')
  const [said, setSaid] = useState('')
  const list = usePaged('sightings', '/v1/sightings', { device: id, reason: said }, { limit: 50 })
  const back = (
    <form
      className="lookback"
      onSubmit={(e) => {
        e.preventDefault()
        setSaid(reason.trim())
      }}>
      <Text size="sm" c="dimmed">
        {t('sighting.day')}
      </Text>
      <TextInput
        size="sm"
        style={{ flex: '1 1 14rem' }}
        aria-label={t('common.reason')}
        placeholder={t('sighting.backWhy')}
        minLength={4}
        maxLength={500}
        required
        value={reason}
        onChange={(e) => setReason(e.currentTarget.value)}
      />
      <Button size="sm" type="submit" variant="default">
        {t('sighting.back')}
      </Button>
    </form>
  )
  return (
    <Panel title={t('device.sightings')} flush>
      {!said && back}
      <PagedList list={list} empty={<Empty title={t('sighting.none')} hint={t('sighting.noneHint')} />}>
        {(rows) => rows.map((s) => <SightingLine key={s.id} s={s} />)}
      </PagedList>
    </Panel>
  )
}

function OccurrencesOf({ id }: { id: string }) {
  const { t } = useT()
  const list = usePaged('occurrences', '/v1/occurrences', { device: id }, { limit: 50 })
  return (
    <Panel title={t('device.happened')} flush>
      <OccurrenceRows list={list} />
    </Panel>
  )
}

function StatusLog({ id }: { id: string }) {
  const { t } = useT()
  const list = usePaged('device', `/v1/devices/${encodeURIComponent(id)}/status-log`, {}, { limit: 50 })
  return (
    <Panel title={t('device.log')} flush>
      <PagedList list={list} empty={<Empty title={t('device.noLog')} hint={t('device.noLogHint')} />}>
        {(rows) => (
          <Rows
            label={t('device.log')}
            rows={rows}
            id={(r) => r.seq}
            columns={[
              { key: 'time', label: t('common.time'), main: true, cell: (r) => <When at={r.time} seconds /> },
              { key: 'state', label: t('fleet.state'), cell: (r) => <DeviceTag s={r.state} /> },
              { key: 'reason', label: t('common.reason'), cell: (r) => reasonText(r, t) || '–' },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

function Rejections({ id }: { id: string }) {
  const { t } = useT()
  const list = usePaged('rejections', '/v1/rejections', { device: id }, { limit: 50 })
  return (
    <Panel title={t('device.rejected')} flush>
      <PagedList
        list={list}
        empty={<Empty title={t('device.noRejected')} hint={t('device.noRejectedHint')} />}>
        {(rows) => (
          <Rows
            label={t('device.rejected')}
            rows={rows}
            id={(r) => r.seq}
            columns={[
              { key: 'time', label: t('common.time'), main: true, cell: (r) => <When at={r.time} seconds /> },
              {
                key: 'reason',
                label: t('common.reason'),
                long: true,
                cell: (r) => (
                  <>
                    {r.partial && <Tag tone="yellow">{t('device.partial')}</Tag>} {r.reason}
                  </>
                ),
              },
              { key: 'source', label: t('device.source'), cell: (r) => r.source },
              {
                key: 'excerpt',
                label: t('device.excerpt'),
                cell: (r) => (r.kept ? <KeptContent r={r} /> : r.excerpt ? <code>{r.excerpt}</code> : '–'),
              },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

function DeviceDeeds({ d }: { d: Device }) {
  const { t } = useT()
  const go = useNavigate()
  const cache = useQueryClient()
  const [open, setOpen, close] = useOpen('do')
  const [shown, setShown] = useState<DeviceCreated>()
  const path = `/v1/devices/${encodeURIComponent(d.id)}` as const
  return (
    <>
      {d.driver === 'mqtt-front' && (
        <Button variant="default" onClick={() => setOpen('password')}>
          {t('device.newPassword')}
        </Button>
      )}
      <Button variant="default" onClick={() => setOpen('edit')}>
        {t('common.edit')}
      </Button>
      <Button variant="default" color="red" onClick={() => setOpen('delete')}>
        {t('common.delete')}
      </Button>
      {open === 'edit' && <EditDevice d={d} onClose={close} />}
      <Ask
        opened={open === 'delete'}
        onClose={close}
        danger
        title={t('device.deleteTitle', { name: d.name || d.id })}
        text={t('device.deleteText')}
        deed={t('common.delete')}
        onDo={async () => {
          await remove(path, {
            name: d.name,
            zone: d.zone,
            profile: d.profile,
            driver: d.driver,
            enabled: d.enabled,
          })
          cache.removeQueries({ queryKey: ['device', d.id] })
          void cache.invalidateQueries({ queryKey: ['devices'] })
          void go('/fleet', { replace: true })
          return leaves
        }}
      />
      <Ask
        opened={open === 'password'}
        onClose={close}
        title={t('device.newPassword')}
        text={t('device.newPasswordText')}
        deed={t('device.newPassword')}
        onDo={async () => setShown(await call(`${path}/password`, { method: 'POST' }))}
      />
      <ShownOnce opened={!!shown} onClose={() => setShown(undefined)} title={t('credentials.title')}>
        {shown && <Credentials c={shown} />}
      </ShownOnce>
    </>
  )
}

function EditDevice({ d, onClose }: { d: Device; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const places = usePlaces()
  const form = useForm('DevicePatch', {
    name: d.name,
    zone: d.zone ?? '',
    serial: d.serial ?? '',
    enabled: d.enabled,
    behind: d.behind ?? '',
    address: d.address ?? {},
  })
  const { v, set, text, check } = form
  const [secret, setSecret] = useState<Record<string, string>>({})
  const secrets = useSecretFields(d.driver)
  const fields =
    useDrivers()
      .data?.items?.find((x) => x.name === d.driver)
      ?.address?.filter((x) => !x.secret) ?? []
  const moved =
    secrets.length > 0 &&
    Object.keys(v.address).some(
      (k) => (v.address[k] ?? '').trim() !== ((form.base.address as Record<string, string>)[k] ?? ''),
    )
  const save = async () => {
    const given = Object.values(secret).some(Boolean) ? { secret } : {}
    await change(`/v1/devices/${encodeURIComponent(d.id)}`, form.base, { ...v, ...given })
    await cache.invalidateQueries({ queryKey: ['device', d.id] })
    said(t('common.saved'))
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={onClose}
      title={t('device.editTitle')}
      subject={{
        name: d.name,
        zone: d.zone ?? '',
        serial: d.serial ?? '',
        enabled: d.enabled,
        behind: d.behind ?? '',
        address: d.address ?? {},
      }}>
      <TextInput label={t('fleet.name')} required data-autofocus {...text('name')} />
      <Select
        label={t('fleet.zone')}
        searchable
        clearable
        data={places.options}
        value={v.zone || null}
        onChange={(z) => set({ zone: z ?? '' })}
      />
      <TextInput label={t('device.serial')} {...text('serial')} />
      <DevicePicker
        label={t('device.behind')}
        description={t('device.behindHint')}
        school={d.school}
        without={d.id}
        value={v.behind}
        error={form.said('behind')}
        onChange={(behind) => set({ behind })}
      />
      {Object.keys(v.address).map((k) => (
        <DriverField
          key={k}
          field={fields.find((x) => x.key === k) ?? { key: k, title: k, required: false, secret: false }}
          value={v.address[k]}
          error={form.said(k)}
          onChange={(x) => set({ address: { ...v.address, [k]: x } })}
        />
      ))}
      <Switch label={t('device.enabled')} {...check('enabled')} />
      {moved ? (
        <SecretAgain fields={secrets} value={secret} error={form.said('secret')} onChange={setSecret} />
      ) : (
        <Text size="xs" c="dimmed">
          {t('device.secretsKept')}
        </Text>
      )}
    </FormDialog>
  )
}
