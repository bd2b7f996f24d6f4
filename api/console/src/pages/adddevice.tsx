// Adds a device: how it is reached, its profile, a probe, its place.

import {
  ActionIcon,
  Alert,
  Button,
  Group,
  PasswordInput,
  Select,
  SimpleGrid,
  Stack,
  Stepper,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core'
import { IconCircleCheck, IconCircleX, IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation } from 'react-router'
import { APIError, call } from '../api/client'
import limits from '../api/limits.json'
import {
  deviceTypes,
  propertyTypes,
  type DeviceCreated,
  type DeviceType,
  type Driver,
  type Knock,
  type Probe,
  type Profile,
  type Property,
  type Sent,
} from '../api/types'
import { useT } from '../i18n'
import { wrongField } from '../lib/fieldcheck'
import { freeID, profileFrom, type PropertyDraft } from '../lib/profiledraft'
import { useFormat, useSchoolParam } from '../session'
import { Credentials } from '../ui/credentials'
import { Empty, Page, Panel, Trouble, useDeed } from '../ui/kit'
import { LeaveAsks } from '../ui/leaving'
import { DriverField } from '../ui/driverfield'
import { usePlaces, useProfiles } from '../ui/states'
import { useDrivers } from './fleet'

// The form fields by which each driver finds a value. The keys are those of Property.forms.
const forms: Record<string, { key: string; placeholder: string }[]> = {
  modbus: [
    { key: 'register', placeholder: 'holding:100' },
    { key: 'as', placeholder: 'int16' },
    { key: 'scale', placeholder: '1' },
    { key: 'offset', placeholder: '0' },
    { key: 'order', placeholder: 'ABCD' },
  ],
  mqtt: [
    { key: 'topic', placeholder: 'school/lab1/state' },
    { key: 'path', placeholder: 'temperature' },
    { key: 'on', placeholder: 'ON' },
    { key: 'off', placeholder: 'OFF' },
  ],
  'mqtt-front': [],
}

const front: Driver = {
  name: 'mqtt-front',
  title: '',
  version: '',
  state: 'running',
  restarts: 0,
  devices: 0,
  observations: 0,
  pinned: true,
  contract: 0,
  confinement: { confined: false },
  profiles: [],
  address: [],
  settings_schema: [],
  template: true,
}

interface Draft {
  driver: string
  address: Record<string, string>
  secret: Record<string, string>
  serial: string
  choice: 'known' | 'own'
  profile: string
  title: string
  type: DeviceType
  properties: PropertyDraft[]
  name: string
  zone: string
}

const emptyProperty: PropertyDraft = { name: '', title: '', type: 'number', unit: '', forms: {} }
const first: Draft = {
  driver: '',
  address: {},
  secret: {},
  serial: '',
  choice: 'known',
  profile: '',
  title: '',
  type: 'sensor',
  properties: [emptyProperty],
  name: '',
  zone: '',
}

export function AddDevicePage() {
  const { t } = useT()
  const knock = useLocation().state as Knock | null
  const [step, setStep] = useState(knock?.serial ? 1 : 0)
  const [draft, set] = useState<Draft>(
    knock?.serial
      ? {
          ...first,
          type: 'other',
          driver: knock.driver,
          serial: knock.serial,
          address: knock.address ?? {},
          profile: knock.profile ?? '',
        }
      : first,
  )
  const [probe, setProbe] = useState<Probe>()
  const [made, setMade] = useState<DeviceCreated>()
  const [typed, setTyped] = useState(false)
  const drivers = useDrivers()
  const listed = drivers.data?.items ?? []
  const all = listed.some((d) => d.name === front.name) ? listed : [...listed, front]
  const driver = all.find((d) => d.name === draft.driver)
  const put = (p: Partial<Draft>) => (setTyped(true), set({ ...draft, ...p }))
  const change = (p: Partial<Draft>) => (put(p), setProbe(undefined))
  const choose = (d: Driver) => {
    set({
      ...first,
      driver: d.name,
      type: d.name === 'modbus' || d.name === 'mqtt' || d.name === front.name ? 'sensor' : 'other',
      address: Object.fromEntries(
        (d.address ?? []).filter((f) => f.default && !f.secret).map((f) => [f.key, f.default!]),
      ),
    })
    setProbe(undefined)
    setTyped(false)
    setStep(1)
  }
  if (made)
    return (
      <Done
        made={made}
        again={() => (setMade(undefined), set(first), setTyped(false), setStep(0), setProbe(undefined))}
      />
    )
  return (
    <Page
      title={t('add.title')}
      sub={t('add.sub')}
      actions={
        <Button component={Link} to="/fleet" variant="default">
          {t('common.cancel')}
        </Button>
      }>
      <LeaveAsks held={typed} />
      <Stepper
        active={step}
        onStepClick={(n) => n < step && setStep(n)}
        size="sm"
        mb="md"
        allowNextStepsSelect={false}
        className="steps-bar">
        <Stepper.Step label={t('add.step.how')} />
        <Stepper.Step label={t('add.step.where')} />
        <Stepper.Step label={t('add.step.what')} />
        <Stepper.Step label={t('add.step.try')} />
        <Stepper.Step label={t('add.step.place')} />
      </Stepper>
      {step === 0 && (drivers.isLoading ? null : <ChooseDriver all={all} choose={choose} />)}
      {drivers.isError && step === 0 && (
        <Trouble error={drivers.error} retry={() => void drivers.refetch()} />
      )}
      {driver && step === 1 && <Address d={driver} draft={draft} change={change} next={() => setStep(2)} />}
      {driver && step === 2 && (
        <WhatItIs
          d={driver}
          draft={draft}
          change={change}
          next={() => setStep(driver.name === front.name ? 4 : 3)}
        />
      )}
      {driver && step === 3 && (
        <Trial draft={draft} probe={probe} setProbe={setProbe} next={() => setStep(4)} />
      )}
      {driver && step === 4 && <Place draft={draft} change={put} onMade={setMade} />}
    </Page>
  )
}

function ChooseDriver({ all, choose }: { all: Driver[]; choose: (d: Driver) => void }) {
  const { t } = useT()
  const f = useFormat()
  const known = ['camera', 'modbus', 'mqtt', 'mqtt-front', 'zkteco', 'onvif', 'hikvision']
  if (all.length === 1)
    return (
      <Empty title={t('add.noDrivers')} hint={t('add.noDriversHint')}>
        <Button mt="sm" onClick={() => choose(front)}>
          {t('add.driver.mqtt-front')}
        </Button>
      </Empty>
    )
  return (
    <div className="cameras" role="list">
      {all.map((d) => (
        <div role="listitem" key={d.name}>
          <UnstyledButton className="cam choice" onClick={() => choose(d)} data-driver={d.name}>
            <Text fw={650}>
              {d.name === front.name ? t('add.driver.mqtt-front') : f.local(d.title, d.title_zh) || d.name}
            </Text>
            <Text size="sm" c="dimmed">
              {known.includes(d.name)
                ? t('add.help.' + d.name)
                : t('add.help.other', { name: d.name, version: d.version })}
            </Text>
            {d.state !== 'running' && (
              <Text size="xs" c="red">
                {t('add.notRunning', { reason: d.reason || d.state })}
              </Text>
            )}
          </UnstyledButton>
        </div>
      ))}
    </div>
  )
}

function Address({
  d,
  draft,
  change,
  next,
}: {
  d: Driver
  draft: Draft
  change: (p: Partial<Draft>) => void
  next: () => void
}) {
  const { t } = useT()
  const fields = d.address ?? []
  const ready = fields.every(
    (x) =>
      x.secret ||
      ((!x.required || (draft.address[x.key] ?? '').trim() !== '') &&
        !wrongField(x, draft.address[x.key] ?? '')),
  )
  return (
    <Panel title={t('add.addressTitle')}>
      <form onSubmit={(e) => (e.preventDefault(), ready && next())}>
        <Stack maw={560}>
          {fields.length === 0 && (
            <Text size="sm">{d.name === front.name ? t('add.frontText') : t('add.noFields')}</Text>
          )}
          {fields.map((x) => (
            <DriverField
              key={x.key}
              field={x}
              value={(x.secret ? draft.secret : draft.address)[x.key] ?? ''}
              onChange={(v) =>
                change(
                  x.secret
                    ? { secret: { ...draft.secret, [x.key]: v } }
                    : { address: { ...draft.address, [x.key]: v } },
                )
              }
            />
          ))}
          {d.name === front.name && (
            <PasswordInput
              label={t('add.ownPassword')}
              description={t('add.ownPasswordHelp')}
              autoComplete="new-password"
              name="password"
              minLength={12}
              value={draft.secret.password ?? ''}
              visibilityToggleButtonProps={{ 'aria-label': t('gate.show') }}
              onChange={(e) => change({ secret: { password: e.currentTarget.value } })}
            />
          )}
          <TextInput
            label={t('device.serial')}
            description={t('add.serialHelp')}
            value={draft.serial}
            maxLength={limits.DeviceInput.serial}
            onChange={(e) => change({ serial: e.currentTarget.value })}
          />
          <Group>
            <Button type="submit" disabled={!ready}>
              {t('common.next')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  )
}

function ownProfiles(d: Driver, all: Profile[]): Profile[] {
  const brought = (d.profiles ?? []).map((p) => p.id)
  const full = (d.profiles ?? []).filter(
    (p): p is Profile => typeof p !== 'string' && !all.some((x) => x.id === p.id),
  )
  const own = [...all.filter((p) => brought.includes(p.id)), ...full]
  return own.length > 0 && !d.template ? own : [...own, ...all.filter((p) => !own.includes(p))]
}

function WhatItIs({
  d,
  draft,
  change,
  next,
}: {
  d: Driver
  draft: Draft
  change: (p: Partial<Draft>) => void
  next: () => void
}) {
  const { t } = useT()
  const f = useFormat()
  const profiles = useProfiles()
  const choices = ownProfiles(d, profiles.all)
  const own = draft.choice === 'own' && d.template
  const ready = own
    ? draft.title.trim() !== '' && draft.properties.some((p) => p.name.trim())
    : draft.profile !== ''
  const chosen = choices.find((p) => p.id === draft.profile)
  return (
    <Panel title={t('add.whatTitle')}>
      <form onSubmit={(e) => (e.preventDefault(), ready && next())}>
        <Stack>
          {d.template && (
            <Group gap="xs">
              <Button
                variant={own ? 'default' : 'filled'}
                aria-pressed={!own}
                onClick={() => change({ choice: 'known' })}>
                {t('add.known')}
              </Button>
              <Button
                variant={own ? 'filled' : 'default'}
                aria-pressed={own}
                onClick={() => change({ choice: 'own' })}>
                {t('add.own')}
              </Button>
            </Group>
          )}
          {!own && (
            <>
              <Select
                maw={560}
                label={t('device.profile')}
                searchable
                required
                value={draft.profile || null}
                onChange={(v) => change({ profile: v ?? '' })}
                data={choices.map((p) => ({
                  value: p.id,
                  label: `${f.local(p.title, p.title_zh)} (${p.id})`,
                }))}
                nothingFoundMessage={t('add.noProfiles')}
              />
              {choices.length === 0 && !profiles.q.isLoading && (
                <Text size="sm" c="dimmed">
                  {t('add.noProfiles')}
                </Text>
              )}
              {chosen && (
                <Text size="sm" c="dimmed">
                  {t('add.profileHas', {
                    list:
                      Object.keys(chosen.properties ?? {})
                        .map((k) => profiles.title(k, chosen.id))
                        .join(', ') || '–',
                  })}
                </Text>
              )}
            </>
          )}
          {own && <OwnProfile d={d} draft={draft} change={change} />}
          <Group>
            <Button type="submit" disabled={!ready}>
              {t('common.next')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  )
}

function OwnProfile({ d, draft, change }: { d: Driver; draft: Draft; change: (p: Partial<Draft>) => void }) {
  const { t } = useT()
  const keys = forms[d.name] ?? [{ key: 'address', placeholder: '' }]
  const put = (i: number, p: Partial<PropertyDraft>) =>
    change({ properties: draft.properties.map((x, n) => (n === i ? { ...x, ...p } : x)) })
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} maw={720}>
        <TextInput
          label={t('add.profileTitle')}
          required
          value={draft.title}
          maxLength={200}
          placeholder={t('add.profileExample')}
          onChange={(e) => change({ title: e.currentTarget.value })}
        />
        <Select
          label={t('fleet.type')}
          allowDeselect={false}
          value={draft.type}
          onChange={(v) => v && change({ type: v as DeviceType })}
          data={deviceTypes.map((x) => ({ value: x, label: t('deviceType.' + x) }))}
        />
      </SimpleGrid>
      <Text fw={600} size="sm">
        {t('add.properties')}
      </Text>
      <Text size="xs" c="dimmed">
        {t('add.propertiesHelp.' + (forms[d.name] ? d.name : 'other'))}
      </Text>
      <div className="props">
        {draft.properties.map((p, i) => (
          <div className="prop" key={i}>
            <TextInput
              size="sm"
              label={t('device.property')}
              required
              value={p.name}
              placeholder="temperature"
              pattern="[A-Za-z0-9_.\-]{1,64}"
              title={t('add.nameRule')}
              onChange={(e) => put(i, { name: e.currentTarget.value })}
            />
            <Select
              size="sm"
              label={t('add.valueType')}
              allowDeselect={false}
              value={p.type}
              onChange={(v) => v && put(i, { type: v as Property['type'] })}
              data={propertyTypes.map((x) => ({
                value: x,
                label: t('valueType.' + x),
              }))}
            />
            <TextInput
              size="sm"
              label={t('add.unit')}
              value={p.unit}
              placeholder="Cel"
              disabled={p.type !== 'number'}
              onChange={(e) => put(i, { unit: e.currentTarget.value })}
            />
            {keys.map((k) => (
              <TextInput
                key={k.key}
                size="sm"
                label={t('form.' + k.key)}
                value={p.forms[k.key] ?? ''}
                placeholder={k.placeholder}
                required={k.key === 'register'}
                spellCheck={false}
                onChange={(e) => put(i, { forms: { ...p.forms, [k.key]: e.currentTarget.value } })}
              />
            ))}
            <ActionIcon
              size={36}
              variant="default"
              aria-label={t('common.remove')}
              disabled={draft.properties.length === 1}
              onClick={() => change({ properties: draft.properties.filter((_, n) => n !== i) })}>
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        ))}
      </div>
      <Group>
        <Button
          size="xs"
          variant="default"
          onClick={() => change({ properties: [...draft.properties, emptyProperty] })}>
          {t('add.moreProperty')}
        </Button>
      </Group>
    </Stack>
  )
}

function Trial({
  draft,
  probe,
  setProbe,
  next,
}: {
  draft: Draft
  probe?: Probe
  setProbe: (p: Probe) => void
  next: () => void
}) {
  const { t } = useT()
  const f = useFormat()
  const deed = useDeed()
  const run = () =>
    deed.run(async () => {
      const profile = draft.choice === 'own' ? profileFrom(draft) : draft.profile
      setProbe(
        await call('/v1/devices/probe', {
          method: 'POST',
          body: {
            driver: draft.driver,
            profile,
            address: filled(draft.address),
            secret: filled(draft.secret),
            ...(draft.serial ? { serial: draft.serial } : {}),
          } satisfies Sent<'ProbeInput'>,
        }),
      )
    })
  return (
    <Panel title={t('add.tryTitle')}>
      <Stack>
        <Text size="sm">{t('add.tryText')}</Text>
        <Group>
          <Button onClick={() => void run()} loading={deed.busy} data-testid="probe">
            {probe ? t('add.tryAgain') : t('add.try')}
          </Button>
        </Group>
        <div aria-live="polite">
          {deed.error !== undefined && <Trouble error={deed.error} />}
          {probe && (
            <Alert
              color={probe.ok ? 'green' : 'red'}
              variant="light"
              icon={probe.ok ? <IconCircleCheck /> : <IconCircleX />}
              title={<span className="probe-title">{probe.ok ? t('add.works') : t('add.fails')}</span>}>
              <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                {probe.message}
              </Text>
              {probe.values && Object.keys(probe.values).length > 0 && (
                <div className="values">
                  {Object.entries(probe.values).map(([k, v]) => (
                    <span key={k} className="value">
                      {k} <b>{f.value(v)}</b>
                    </span>
                  ))}
                </div>
              )}
              {probe.snapshot?.startsWith('data:image/') && (
                <>
                  <img className="probe-shot" src={probe.snapshot} alt={t('add.probeShot')} />
                  <Text size="xs" c="dimmed" mt={4}>
                    {t('add.aim')}
                  </Text>
                </>
              )}
            </Alert>
          )}
          {probe?.registered && (
            <Alert color="orange" variant="light" mt="sm" data-testid="registered">
              {probe.registered.device ? (
                <>
                  {t('add.registered', { name: probe.registered.name })}{' '}
                  <Link to={`/fleet/${probe.registered.device}`}>{t('add.toDevice')}</Link>
                </>
              ) : (
                t('add.registeredElsewhere')
              )}
            </Alert>
          )}
        </div>
        <Group>
          <Button variant={probe?.ok && !probe.registered ? 'filled' : 'default'} onClick={next}>
            {probe?.ok ? t('common.next') : t('add.skipTry')}
          </Button>
        </Group>
      </Stack>
    </Panel>
  )
}

function Place({
  draft,
  change,
  onMade,
}: {
  draft: Draft
  change: (p: Partial<Draft>) => void
  onMade: (d: DeviceCreated) => void
}) {
  const { t } = useT()
  const places = usePlaces()
  const profiles = useProfiles()
  const school = useSchoolParam()
  const cache = useQueryClient()
  const deed = useDeed()
  const [added, setAdded] = useState('')
  const own = draft.choice === 'own'
  const camera = !own && profiles.get(draft.profile)?.type === 'camera'
  const zone = places.zone(draft.zone)
  const save = () =>
    deed.run(async () => {
      let profile = draft.profile
      if (own) {
        profile =
          added ||
          (await addProfile(
            profileFrom(draft),
            profiles.all.map((p) => p.id),
          ))
        setAdded(profile) // reuse it if the device is refused and sent again
      }
      const made = await call('/v1/devices', {
        method: 'POST',
        body: {
          school,
          zone: draft.zone || undefined,
          profile,
          driver: draft.driver,
          name: draft.name.trim(),
          serial: draft.serial.trim() || undefined,
          address: filled(draft.address),
          secret: filled(draft.secret),
        } satisfies Sent<'DeviceInput'>,
      })
      void cache.invalidateQueries({ queryKey: ['devices'] })
      void cache.invalidateQueries({ queryKey: ['profiles'] })
      onMade(made)
    })
  return (
    <Panel title={t('add.placeTitle')}>
      <form onSubmit={(e) => (e.preventDefault(), void save())}>
        <Stack maw={560}>
          <TextInput
            label={t('fleet.name')}
            required
            value={draft.name}
            maxLength={limits.DeviceInput.name}
            placeholder={t('add.nameExample')}
            onChange={(e) => change({ name: e.currentTarget.value })}
          />
          <Select
            label={t('fleet.zone')}
            searchable
            clearable
            value={draft.zone || null}
            onChange={(v) => change({ zone: v ?? '' })}
            data={places.options}
            description={places.zones.length === 0 ? t('add.noZones') : undefined}
            error={camera && zone?.private ? t('add.privateZone') : undefined}
          />
          {deed.error !== undefined && <Trouble error={deed.error} />}
          <Group>
            <Button
              type="submit"
              loading={deed.busy}
              disabled={!draft.name.trim() || (camera && zone?.private)}>
              {t('add.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  )
}

/** Adds a profile under a free ID: an existing one with the same title belongs to somebody else. */
async function addProfile(p: Profile, taken: string[]): Promise<string> {
  for (let ids = taken; ; ids = [...ids, p.id]) {
    p = { ...p, id: freeID(p.id, ids) }
    try {
      await call('/v1/profiles', { method: 'POST', body: p satisfies Sent<'Profile'> })
      return p.id
    } catch (e) {
      if (!(e instanceof APIError && e.status === 409) || ids.length > taken.length + 5) throw e
    }
  }
}

function Done({ made, again }: { made: DeviceCreated; again: () => void }) {
  const { t } = useT()
  return (
    <Page title={t('add.doneTitle', { name: made.device.name })} sub={t('add.doneText')}>
      {made.password && (
        <Panel title={t('credentials.title')}>
          <Credentials c={made} />
        </Panel>
      )}
      <Group>
        <Button component={Link} to={`/fleet/${made.device.id}`}>
          {t('add.toDevice')}
        </Button>
        <Button variant="default" onClick={again}>
          {t('add.another')}
        </Button>
      </Group>
    </Page>
  )
}

function filled(m: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(m)
      .filter(([, v]) => v !== '')
      .map(([k, v]) => [k, v.trim()]),
  )
}
