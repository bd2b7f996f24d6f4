// A rule of a usual kind as a form. It changes the text, and keeps what it does not show.

import { Alert, Button, Checkbox, Group, MultiSelect, NumberInput, Select, SimpleGrid } from '@mantine/core'
import { Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import {
  personKinds,
  propertyTypes,
  sessionKinds,
  severities,
  weekdays,
  zoneKinds,
  type Property,
} from '../../api/types'
import { useT } from '../../i18n'
import { unitText } from '../../lib/format'
import { usePlaces, useProfiles } from '../../ui/states'
import type { Known, Word } from './complete'
import { idOf, ofPeople, read, sides, write, type Hours, type Outline, type Watch } from './outline'

interface Props {
  text: string
  known: Known
  fresh?: boolean // a new rule, whose id follows its title
  onChange: (text: string) => void
  onText: () => void // goes to the text
}

const kinds = ['threshold', 'baseline', 'status', 'absent', 'occurrence', 'presence', 'attendance'] as const
const states = ['offline', 'fault', 'flapping', 'driver_down']
const pers = ['device', 'zone', 'building', 'school']
const persOf = { attendance: ['person', 'school'], presence: ['person', 'zone', 'building', 'school'] }
const roles = ['security', 'admin', 'facility', 'teacher']

const first: Record<Watch['kind'], Watch> = {
  threshold: { kind: 'threshold', property: '', test: 'above', value: '' },
  baseline: { kind: 'baseline', property: '', test: 'above', value: '50%' },
  status: { kind: 'status', status: ['offline'] },
  absent: { kind: 'absent', property: '', for: '30m' },
  occurrence: { kind: 'occurrence', occurrence: ['door'] },
  attendance: { kind: 'attendance', session: 'dorm', state: ['absent'] },
  presence: {
    kind: 'presence',
    inside: 'school',
    who: ['student'],
    boarder: '',
    least: '',
    most: '',
    within: '',
  },
}

const options = (words: Word[] = []) =>
  words.map((x) => ({ value: x.word, label: x.says ? `${x.says} (${x.word})` : x.word }))

export function RuleForm({ text, known, fresh, onChange, onText }: Props) {
  const { t } = useT()
  const places = usePlaces()
  const [begun] = useState(() => Date.now())
  const o = read(text)
  if (!o)
    return (
      <Alert color="yellow" variant="light" role="status">
        <Group gap="sm">
          {t('rules.noForm')}
          <Button size="compact-sm" variant="default" onClick={onText}>
            {t('rules.toText')}
          </Button>
        </Group>
      </Alert>
    )
  const set = (change: Partial<Outline>) => onChange(write(text, change))
  const retitle = (change: Pick<Partial<Outline>, 'title' | 'titleZH'>) => {
    const own = fresh && (o.id === '' || o.id === idOf(o.title, begun))
    set({ ...change, ...(own && { id: idOf(change.title ?? o.title, begun) }) })
  }
  const people = ofPeople(o.watch)
  const per = o.per || (people ? 'person' : 'device')
  const offered = o.watch && o.watch.kind in persOf ? persOf[o.watch.kind as keyof typeof persOf] : pers
  return (
    <Stack gap="md" className="rule-form">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          required
          label={t('rules.titleEN')}
          value={o.title}
          maxLength={200}
          onChange={(e) => retitle({ title: e.currentTarget.value })}
        />
        <TextInput
          label={t('rules.titleZH')}
          value={o.titleZH}
          maxLength={200}
          onChange={(e) => retitle({ titleZH: e.currentTarget.value })}
        />
        <Select
          label={t('rules.severity')}
          allowDeselect={false}
          value={o.severity}
          onChange={(v) => v && set({ severity: v })}
          data={severities.map((x) => ({ value: x, label: t('severity.' + x) }))}
        />
        {fresh && (
          <TextInput
            label={t('rules.id')}
            required
            description={t('rules.idHelp')}
            value={o.id}
            maxLength={64}
            onChange={(e) => set({ id: e.currentTarget.value.replace(/[^\w.-]/g, '') })}
          />
        )}
      </SimpleGrid>
      <fieldset className="rule-part">
        <legend>{t('rules.watches')}</legend>
        <Condition o={o} known={known} set={set} onText={onText} />
      </fieldset>
      <fieldset className="rule-part">
        <legend>{t('rules.where')}</legend>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {o.watch?.kind !== 'attendance' && (
            <>
              <MultiSelect
                clearable
                label={t('rules.zoneKind')}
                placeholder={o.zoneKind.length ? undefined : t('rules.everywhere')}
                value={o.zoneKind}
                onChange={(zoneKind) => set({ zoneKind })}
                data={zoneKinds.map((x) => ({ value: x, label: t('zoneKind.' + x) }))}
              />
              <MultiSelect
                clearable
                searchable
                label={t('rules.zones')}
                placeholder={o.zone.length ? undefined : t('rules.everywhere')}
                value={o.zone}
                onChange={(zone) => set({ zone })}
                data={withOwn(
                  places.zones.map((z) => ({ value: z.id, label: z.name })),
                  o.zone,
                )}
              />
            </>
          )}
          {(!people || o.device.length > 0) && (
            <MultiSelect
              clearable
              searchable
              limit={50}
              label={t('rules.devices')}
              placeholder={o.device.length ? undefined : t('rules.allDevices')}
              value={o.device}
              onChange={(device) => set({ device })}
              data={withOwn(options(known.device), o.device)}
            />
          )}
          <Select
            label={t('rules.per')}
            allowDeselect={false}
            value={per}
            onChange={(v) => set({ per: v === offered[0] && !o.per ? '' : (v ?? '') })}
            data={(offered.includes(per) ? offered : [...offered, per]).map((x) => ({
              value: x,
              label: t('rules.pers.' + x),
            }))}
          />
        </SimpleGrid>
      </fieldset>
      <fieldset className="rule-part">
        <legend>{t('rules.then')}</legend>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            clearable
            searchable
            label={t('rules.procedure')}
            placeholder={t('rules.noProcedure')}
            value={o.procedure || null}
            onChange={(v) => set({ procedure: v ?? '' })}
            data={withOwn(options(known.procedure), o.procedure ? [o.procedure] : [])}
          />
          <MultiSelect
            clearable
            label={t('rules.notify')}
            placeholder={o.roles.length ? undefined : t('rules.nobody')}
            value={o.roles}
            onChange={(r) => set({ roles: r })}
            data={[...new Set([...roles, ...o.roles])].map((x) => ({ value: x, label: t('role.' + x) }))}
          />
        </SimpleGrid>
        <Checkbox
          mt="sm"
          label={t('rules.audible')}
          checked={o.audible}
          onChange={(e) => set({ audible: e.currentTarget.checked })}
        />
      </fieldset>
      {o.elsewhere.length > 0 && (
        <Text size="sm" c="dimmed">
          {t('rules.alsoHas', { list: o.elsewhere.join(', ') })}{' '}
          <button type="button" className="linkish" onClick={onText}>
            {t('rules.toText')}
          </button>
        </Text>
      )}
    </Stack>
  )
}

// Values that the text has and the school does not know are kept, and can be taken away.
const withOwn = (data: { value: string; label: string }[], own: string[]) => [
  ...data,
  ...own.filter((x) => !data.some((d) => d.value === x)).map((x) => ({ value: x, label: x })),
]

interface Part {
  o: Outline
  known: Known
  set: (change: Partial<Outline>) => void
  onText: () => void
}

function Condition({ o, known, set, onText }: Part) {
  const { t } = useT()
  const w = o.watch
  if (!w)
    return (
      <Group gap="sm">
        <Text size="sm">{t('rules.tooRich')}</Text>
        <Button size="compact-sm" variant="default" onClick={onText}>
          {t('rules.toText')}
        </Button>
      </Group>
    )
  const change = (watch: Watch) => set({ watch })
  const moment = w.kind === 'occurrence'
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
        <Select
          label={t('rules.kind')}
          allowDeselect={false}
          value={w.kind}
          onChange={(v) => {
            const kind = (v ?? 'threshold') as Watch['kind']
            set({
              watch: first[kind],
              ...(kind === 'occurrence' && { lasts: '', quiet: '' }),
              ...(ofPeople(first[kind]) && { per: '', device: [] }),
              ...(kind === 'attendance' && { zone: [], zoneKind: [] }),
              ...(ofPeople(w) && !ofPeople(first[kind]) && { per: '' }),
            })
          }}
          data={kinds.map((k) => ({ value: k, label: t('rules.kinds.' + k) }))}
        />
        {w.kind === 'threshold' && <Threshold w={w} known={known} change={change} />}
        {w.kind === 'baseline' && (
          <>
            <PropertyField
              value={w.property}
              known={known}
              onChange={(property) => change({ ...w, property })}
            />
            <Select
              label={t('rules.usual')}
              allowDeselect={false}
              value={w.test}
              onChange={(v) => v && change({ ...w, test: v })}
              data={sides.map((x) => ({ value: x, label: t('rules.usuals.' + x) }))}
            />
            <TextInput
              required
              label={t('rules.usualBy')}
              description={t('rules.usualHelp')}
              value={w.value}
              maxLength={20}
              onChange={(e) => change({ ...w, value: e.currentTarget.value })}
            />
          </>
        )}
        {w.kind === 'status' && (
          <MultiSelect
            label={t('rules.status')}
            value={w.status}
            onChange={(status) => status.length && change({ ...w, status })}
            data={states.map((x) => ({ value: x, label: t('deviceState.' + x) }))}
          />
        )}
        {w.kind === 'absent' && (
          <>
            <PropertyField
              value={w.property}
              known={known}
              onChange={(property) => change({ ...w, property })}
            />
            <Lasting
              label={t('rules.absentFor')}
              value={w.for}
              onChange={(v) => change({ ...w, for: v || '30m' })}
            />
          </>
        )}
        {w.kind === 'attendance' && (
          <>
            <Select
              label={t('session.kind')}
              allowDeselect={false}
              value={w.session}
              onChange={(v) => v && change({ ...w, session: v })}
              data={sessionKinds.map((x) => ({ value: x, label: t('sessionKind.' + x) }))}
            />
            <MultiSelect
              label={t('rules.answer')}
              value={w.state}
              onChange={(state) => state.length && change({ ...w, state })}
              data={answers.map((x) => ({ value: x, label: t('attendanceState.' + x) }))}
            />
          </>
        )}
        {w.kind === 'presence' && <Inside w={w} counted={(o.per || 'person') !== 'person'} change={change} />}
        {w.kind === 'occurrence' && (
          <MultiSelect
            searchable
            label={t('rules.occurrence')}
            value={w.occurrence}
            onChange={(occurrence) => occurrence.length && change({ ...w, occurrence })}
            data={withOwn(options(known.kind), w.occurrence)}
          />
        )}
      </SimpleGrid>
      {!moment && (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Lasting
            label={t('rules.lasts')}
            help={t('rules.lastsHelp')}
            value={o.lasts}
            onChange={(lasts) => set({ lasts })}
          />
          <Lasting
            label={t('rules.quiet')}
            help={t('rules.quietHelp')}
            value={o.quiet}
            onChange={(quiet) => set({ quiet })}
          />
        </SimpleGrid>
      )}
      <HoursField hours={o.hours} onChange={(hours) => set({ hours })} />
    </Stack>
  )
}

const answers = ['absent', 'late', 'left_early', 'unknown']
const insides = ['school', 'building', 'floor', 'zone']

interface InsideProps {
  w: Extract<Watch, { kind: 'presence' }>
  counted: boolean // a number of people, and not each by themselves
  change: (w: Watch) => void
}

function Inside({ w, counted, change }: InsideProps) {
  const { t } = useT()
  const number = (key: 'least' | 'most') => (
    <NumberInput
      label={t('rules.' + key)}
      min={1}
      max={1000}
      allowDecimal={false}
      allowNegative={false}
      value={w[key]}
      onChange={(v) => change({ ...w, [key]: String(v) })}
    />
  )
  return (
    <>
      <Select
        label={t('rules.inside')}
        allowDeselect={false}
        value={w.inside}
        onChange={(v) => v && change({ ...w, inside: v })}
        data={insides.map((x) => ({ value: x, label: t('rules.insides.' + x) }))}
      />
      <MultiSelect
        label={t('rules.people')}
        placeholder={w.who.length ? undefined : t('rules.everybody')}
        value={w.who}
        onChange={(who) => change({ ...w, who })}
        data={personKinds.map((x) => ({ value: x, label: t('personKind.' + x) }))}
      />
      <Select
        label={t('rules.boarders')}
        allowDeselect={false}
        value={w.boarder}
        onChange={(v) => change({ ...w, boarder: v ?? '' })}
        data={['', 'false', 'true'].map((x) => ({ value: x, label: t('rules.boarding.' + (x || 'both')) }))}
      />
      {(counted || w.least) && number('least')}
      {(counted || w.most) && number('most')}
      <Lasting
        label={t('rules.seenWithin')}
        help={t('rules.seenWithinHelp')}
        value={w.within}
        onChange={(within) => change({ ...w, within })}
      />
    </>
  )
}

function PropertyField(p: { value: string; known: Known; onChange: (v: string) => void }) {
  const { t } = useT()
  return (
    <Select
      required
      searchable
      label={t('rules.property')}
      value={p.value || null}
      onChange={(v) => p.onChange(v ?? '')}
      data={withOwn(options(p.known.property), p.value ? [p.value] : [])}
    />
  )
}

const testsOf: Record<Property['type'], string[]> = {
  number: ['above', 'below', 'at_least', 'at_most'],
  boolean: ['is'],
  string: ['is', 'is_not'],
}

interface ThresholdProps {
  w: Extract<Watch, { kind: 'threshold' }>
  known: Known
  change: (w: Watch) => void
}

function Threshold({ w, known, change }: ThresholdProps) {
  const { t } = useT()
  const profiles = useProfiles()
  const property = profiles.property(w.property)
  const type = property?.type ?? propertyTypes[0]
  const choose = (name: string) => {
    const of = profiles.property(name)?.type ?? 'number'
    const fits = testsOf[of].includes(w.test)
    const value = of === 'boolean' ? 'true' : of === type ? w.value : ''
    change({ ...w, property: name, test: fits ? w.test : testsOf[of][0], value })
  }
  const tests = testsOf[type].includes(w.test) ? testsOf[type] : [...testsOf[type], w.test]
  return (
    <>
      <PropertyField value={w.property} known={known} onChange={choose} />
      <Select
        label={t('rules.test')}
        allowDeselect={false}
        value={w.test}
        onChange={(v) => v && change({ ...w, test: v })}
        data={tests.map((x) => ({ value: x, label: t('rules.tests.' + x) }))}
      />
      {type === 'boolean' ? (
        <Select
          label={t('rules.value')}
          allowDeselect={false}
          value={w.value}
          onChange={(v) => v && change({ ...w, value: v })}
          data={[
            { value: 'true', label: t('common.yes') },
            { value: 'false', label: t('common.no') },
          ]}
        />
      ) : (
        <TextInput
          required
          label={property?.unit ? t('rules.valueIn', { unit: unitText(property.unit) }) : t('rules.value')}
          value={w.value}
          maxLength={100}
          inputMode={type === 'number' ? 'decimal' : undefined}
          onChange={(e) => change({ ...w, value: e.currentTarget.value })}
        />
      )}
    </>
  )
}

const units = ['s', 'm', 'h'] as const

/** A time as the language has it, 30s or 10m; longer ones such as 1h30m as they are. */
function Lasting(p: { label: string; help?: string; value: string; onChange: (v: string) => void }) {
  const { t } = useT()
  const simple = /^(\d*)([smh])$/.exec(p.value || '0m')
  if (!simple)
    return (
      <TextInput
        label={p.label}
        description={p.help}
        value={p.value}
        onChange={(e) => p.onChange(e.currentTarget.value)}
      />
    )
  const [, n, unit] = simple
  return (
    <Group gap="xs" align="end" wrap="nowrap">
      <NumberInput
        className="rule-wide"
        label={p.label}
        description={p.help}
        min={0}
        max={9999}
        allowDecimal={false}
        allowNegative={false}
        value={Number(n)}
        onChange={(v) => p.onChange(Number(v) > 0 ? `${Number(v)}${unit}` : '')}
      />
      <Select
        w={120}
        allowDeselect={false}
        aria-label={t('rules.unitOf', { label: p.label })}
        value={unit}
        onChange={(u) => Number(n) > 0 && p.onChange(n + (u ?? 'm'))}
        data={units.map((u) => ({ value: u, label: t('rules.units.' + u) }))}
      />
    </Group>
  )
}

const night: Hours = { from: '22:00', to: '06:00', days: [] }

function HoursField({ hours, onChange }: { hours?: Hours; onChange: (h?: Hours) => void }) {
  const { t } = useT()
  const spans = hours?.days.flatMap(daysOf) ?? []
  return (
    <Stack gap="xs">
      <Checkbox
        label={t('rules.onlyAt')}
        checked={!!hours}
        onChange={(e) => onChange(e.currentTarget.checked ? night : undefined)}
      />
      {hours && (
        <Group gap="sm" align="end">
          <TextInput
            type="time"
            label={t('rules.hoursFrom')}
            value={hours.from}
            onChange={(e) => e.currentTarget.value && onChange({ ...hours, from: e.currentTarget.value })}
          />
          <TextInput
            type="time"
            label={t('rules.hoursTo')}
            value={hours.to}
            onChange={(e) => e.currentTarget.value && onChange({ ...hours, to: e.currentTarget.value })}
          />
          <MultiSelect
            className="rule-wide"
            clearable
            label={t('rules.weekdays')}
            placeholder={spans.length ? undefined : t('rules.everyDay')}
            value={spans}
            onChange={(days) => onChange({ ...hours, days: weekdays.filter((d) => days.includes(d)) })}
            data={weekdays.map((d) => ({ value: d, label: t('duty.weekday.' + d) }))}
          />
        </Group>
      )}
    </Stack>
  )
}

// The days of a span such as mon-fri.
function daysOf(span: string): string[] {
  const [from, to = from] = span.split('-')
  const all: string[] = [...weekdays, ...weekdays]
  const begin = all.indexOf(from)
  const end = all.indexOf(to, Math.max(0, begin))
  return begin < 0 || end < 0 ? [] : all.slice(begin, end + 1)
}
