// The form of a maintenance window: what is worked on, from when until when, why, and up to which
// severity it is not told.

import { Button, Group, MultiSelect, Select, SimpleGrid, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../../api/client'
import { change } from '../../api/change'
import { severities, weekdays, type Sent, type Suppression } from '../../api/types'
import { useT } from '../../i18n'
import { instantIn, wallIn } from '../../lib/format'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { FormDialog, useForm } from '../../ui/form'
import { useProfiles } from '../../ui/states'

interface Props {
  s?: Suppression
  device?: string // of a new one
  onClose: () => void
}

export function WindowDialog({ s, device, onClose }: Props) {
  const { t } = useT()
  const { can, school } = useSession()
  const schoolID = useSchoolParam()
  const cache = useQueryClient()
  const z = school.timezone
  const known = useKnown(s)
  const form = useForm('WindowInput', () => begin(z, s, device))
  const { v, set, text } = form
  const body = () => ({
    reason: v.reason,
    from: v.from ? (s && v.from === wallIn(z, s.from) ? s.from : instantIn(z, v.from)) : undefined,
    until: s && v.until === wallIn(z, s.until) ? s.until : instantIn(z, v.until),
    weekly: v.weekly ? { days: v.days, start: v.start, end: v.end } : undefined,
    up_to: v.up_to,
    rules: v.rules,
    devices: v.devices,
    zones: v.zones,
    buildings: v.buildings,
    properties: v.properties,
    own_only: v.own_only,
  })
  const save = async () => {
    if (s) await change(`/v1/suppressions/${encodeURIComponent(s.id)}`, { ...s }, body())
    else {
      const sent = { school: schoolID, ...body() } satisfies Sent<'WindowInput'>
      await call('/v1/suppressions', { method: 'POST', body: sent })
    }
    await Promise.all([
      cache.invalidateQueries({ queryKey: ['suppressions'] }),
      cache.invalidateQueries({ queryKey: ['alerts'] }),
    ])
  }
  const named = v.rules.length + v.devices.length + v.zones.length + v.buildings.length > 0
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={onClose}
      size="lg"
      deed={s ? undefined : t('maintenance.save')}
      ready={named && !!v.reason && !!v.until}
      title={s ? t('maintenance.edit') : t('maintenance.add')}
      subject={s && { ...s }}>
      <TextInput
        required
        label={t('maintenance.reason')}
        description={t('maintenance.reasonHint')}
        {...text('reason')}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
        <TextInput
          type="datetime-local"
          label={t('maintenance.from')}
          description={t('maintenance.fromHint')}
          disabled={s?.state === 'active'}
          {...text('from')}
        />
        <TextInput
          type="datetime-local"
          required
          label={t('maintenance.until')}
          description={school.timezone}
          {...text('until')}
        />
      </SimpleGrid>
      <Group gap={6}>
        {[1, 4, 8].map((n) => (
          <Button
            key={n}
            size="compact-xs"
            variant="default"
            onClick={() =>
              set({ until: wallIn(z, new Date(start(z, v.from) + n * 3_600_000).toISOString()) })
            }>
            {t('maintenance.hours', { n })}
          </Button>
        ))}
      </Group>
      <Switch
        label={t('maintenance.eachWeek')}
        checked={v.weekly}
        onChange={(e) => set({ weekly: e.currentTarget.checked })}
      />
      {v.weekly && (
        <>
          <MultiSelect
            label={t('maintenance.days')}
            placeholder={v.days.length ? undefined : t('maintenance.everyDay')}
            value={v.days}
            data={weekdays.map((d) => ({ value: d, label: t('duty.weekday.' + d) }))}
            error={form.said('weekly')}
            onChange={(d) => set({ days: d as typeof v.days })}
          />
          <SimpleGrid cols={2} spacing="xs">
            <TextInput type="time" required label={t('maintenance.start')} {...text('start')} />
            <TextInput type="time" required label={t('maintenance.endsAt')} {...text('end')} />
          </SimpleGrid>
        </>
      )}
      <MultiSelect
        searchable
        label={t('maintenance.devices')}
        value={v.devices}
        data={known.devices(v.devices)}
        error={form.said('devices')}
        onChange={(devices) => set({ devices })}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
        <MultiSelect
          searchable
          label={t('maintenance.zones')}
          value={v.zones}
          data={known.zones(v.zones)}
          error={form.said('zones')}
          onChange={(zones) => set({ zones })}
        />
        <MultiSelect
          searchable
          label={t('maintenance.buildings')}
          value={v.buildings}
          data={known.buildings(v.buildings)}
          error={form.said('buildings')}
          onChange={(buildings) => set({ buildings })}
        />
      </SimpleGrid>
      <MultiSelect
        searchable
        label={t('maintenance.rules')}
        description={t('maintenance.rulesHint')}
        value={v.rules}
        data={known.rules(v.rules)}
        error={form.said('rules')}
        onChange={(rules) => set({ rules })}
      />
      <Switch
        label={t('maintenance.ownOnly')}
        description={t('maintenance.ownOnlyHint')}
        checked={v.own_only}
        data-testid="own-only"
        onChange={(e) => set({ own_only: e.currentTarget.checked })}
      />
      <MultiSelect
        searchable
        clearable
        label={t('maintenance.properties')}
        description={t('maintenance.propertiesHint')}
        value={v.properties}
        data={known.properties(v.properties)}
        error={form.said('properties')}
        onChange={(properties) => set({ properties })}
      />
      {!named && <p className="duty-hint">{t('maintenance.nameOne')}</p>}
      <Select
        label={t('maintenance.upToLabel')}
        description={t(v.up_to === 'critical' ? 'maintenance.criticalHint' : 'maintenance.upToHint')}
        value={v.up_to}
        allowDeselect={false}
        data={severities.map((x) => ({
          value: x,
          label: t('severity.' + x),
          disabled: x === 'critical' && !can('alerts:suppress'),
        }))}
        error={form.said('up_to')}
        onChange={(x) => set({ up_to: (x ?? 'major') as typeof v.up_to })}
      />
    </FormDialog>
  )
}

// The instant at which a window in the form begins.
const start = (z: string, from: string) => (from ? Date.parse(instantIn(z, from)) : Date.now())

function begin(z: string, s?: Suppression, device?: string) {
  return {
    reason: s?.reason ?? '',
    from: s ? wallIn(z, s.from) : '',
    until: wallIn(z, s?.until ?? new Date(Date.now() + 2 * 3_600_000).toISOString()),
    weekly: !!s?.weekly,
    days: (s?.weekly?.days ?? []) as (typeof weekdays)[number][],
    start: s?.weekly?.start ?? '22:00',
    end: s?.weekly?.end ?? '02:00',
    up_to: s?.up_to ?? ('major' as Suppression['up_to']),
    rules: s?.rules ?? [],
    devices: s?.devices ?? (device ? [device] : []),
    zones: s?.zones ?? [],
    buildings: s?.buildings ?? [],
    properties: s?.properties ?? [],
    own_only: !!s?.own_only,
  }
}

interface Choice {
  value: string
  label: string
}

/** What there is to choose from. What is chosen and not in a list keeps its id; of what is gone
 *  that is said. */
function useKnown(s?: Suppression) {
  const { t } = useT()
  const { school } = useSession()
  const schoolID = useSchoolParam()
  const f = useFormat()
  const profiles = useProfiles()
  const places = useQuery({
    queryKey: ['places', school.id],
    queryFn: () => call('/v1/places', { query: { school: school.id } }),
  })
  const devices = useQuery({
    queryKey: ['devices', 'names', school.id],
    queryFn: () => call('/v1/devices', { query: { school: school.id, limit: 1000 } }),
  })
  const rules = useQuery({
    queryKey: ['rules', 'names', schoolID],
    queryFn: () => call('/v1/rules', { query: { school: schoolID } }),
  })
  const label = (id: string) => {
    const gone = s?.gone.find((x) => x.id === id)
    return gone ? t('maintenance.goneNamed', { name: gone.name || id }) : id
  }
  const withChosen = (all: Choice[], chosen: string[]) => [
    ...all,
    ...chosen.filter((id) => !all.some((x) => x.value === id)).map((id) => ({ value: id, label: label(id) })),
  ]
  const named = (all?: { id: string; name: string }[] | null): Choice[] =>
    (all ?? []).map((x) => ({ value: x.id, label: x.name || x.id }))
  const measured = new Map<string, Choice>()
  for (const p of profiles.all)
    for (const [value, x] of Object.entries(p.properties ?? {}))
      measured.set(value, { value, label: f.local(x.title, x.title_zh) || value })
  return {
    properties: (chosen: string[]) => withChosen([...measured.values()], chosen),
    zones: (chosen: string[]) => withChosen(named(places.data?.zones), chosen),
    buildings: (chosen: string[]) => withChosen(named(places.data?.buildings), chosen),
    devices: (chosen: string[]) => withChosen(named(devices.data?.items), chosen),
    rules: (chosen: string[]) =>
      withChosen(
        (rules.data?.items ?? []).map((r) => ({ value: r.id, label: r.title || r.id })),
        chosen,
      ),
  }
}
