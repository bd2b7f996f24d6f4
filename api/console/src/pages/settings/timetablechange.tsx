// A change of one day of the timetable, what is not as it says, and its patterns.

import {
  Button,
  Group,
  MultiSelect,
  SegmentedControl,
  Select,
  SimpleGrid,
  Text,
  TextInput,
} from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { change, remove } from '../../api/change'
import {
  personKinds,
  sessionKinds,
  patternWeeks,
  weekdays,
  type PersonKind,
  type Sent,
  type SessionPattern,
  type TimetableRun,
  type TimetableWeek,
} from '../../api/types'
import { useT } from '../../i18n'
import { wallIn } from '../../lib/format'
import { useFormat, useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { FormDialog, useForm } from '../../ui/form'
import { PersonPicker } from '../../ui/personpicker'
import { useClasses } from '../people'
import { usePlaces } from './timetable'

type How = 'cancel' | 'time' | 'room' | 'person'

export function ChangeDay(p: { run: TimetableRun; zone: string; onClose: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const cache = useQueryClient()
  const { places } = usePlaces()
  const { run } = p
  const form = useForm('PatternChangeInput', () => ({
    how: 'cancel' as How,
    start: wallIn(p.zone, run.start).slice(11),
    end: wallIn(p.zone, run.end).slice(11),
    zone: '',
    person: '',
  }))
  const { v, set, text } = form
  const save = async () => {
    const body: Sent<'PatternChangeInput'> = {
      pattern: run.pattern!,
      date: run.date!,
      period: run.period || undefined,
      ...(v.how === 'cancel' && { cancel: true }),
      ...(v.how === 'time' && { start: v.start, end: v.end }),
      ...(v.how === 'room' && { zones: [v.zone] }),
      ...(v.how === 'person' && { persons: [v.person] }),
    }
    await call('/v1/timetable/changes', { method: 'POST', body })
    await cache.invalidateQueries({ queryKey: ['timetable'] })
  }
  const hows: How[] = ['cancel', 'time', 'room', ...(can('people:read') ? (['person'] as How[]) : [])]
  return (
    <FormDialog
      form={form}
      save={save}
      danger={v.how === 'cancel'}
      deed={v.how === 'cancel' ? t('timetable.cancelIt') : undefined}
      ready={v.how === 'room' ? !!v.zone : v.how === 'person' ? !!v.person : true}
      onClose={p.onClose}
      size="lg"
      title={t('timetable.changeTitle', { name: f.local(run.name, run.name_zh), date: run.date ?? '' })}>
      <Text size="sm" c="dimmed">
        {t('timetable.changeText')}
      </Text>
      <SegmentedControl
        fullWidth
        aria-label={t('timetable.how')}
        value={v.how}
        data={hows.map((h) => ({ value: h, label: t('timetableHow.' + h) }))}
        onChange={(h) => set({ how: h as How })}
      />
      {v.how === 'time' && (
        <SimpleGrid cols={2}>
          <TextInput type="time" required label={t('session.start')} {...text('start')} />
          <TextInput type="time" required label={t('session.end')} {...text('end')} />
        </SimpleGrid>
      )}
      {v.how === 'room' && (
        <Select
          searchable
          required
          label={t('timetable.room')}
          value={v.zone || null}
          data={[...places].map(([value, label]) => ({ value, label }))}
          onChange={(z) => set({ zone: z ?? '' })}
        />
      )}
      {v.how === 'person' && (
        <PersonPicker
          label={t('timetable.substitute')}
          value={v.person}
          onChange={(x) => set({ person: x })}
        />
      )}
    </FormDialog>
  )
}

/** What is not as the timetable says in the week, each of which can be taken back. */
export function Taken(p: {
  school: string
  w: TimetableWeek
  named: (id: string) => SessionPattern | undefined
  may: boolean
}) {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const { places } = usePlaces()
  const [gone, ask] = useState('')
  const from = p.w.days[0]?.date ?? ''
  const to = p.w.days.at(-1)?.date ?? ''
  const q = useQuery({
    queryKey: ['timetable', 'changes', p.school, from],
    queryFn: () => call('/v1/timetable/changes', { query: { school: p.school, from, to, limit: 1000 } }),
    enabled: !!from,
  })
  const all = (q.data?.items ?? []).filter((c) => p.named(c.pattern))
  if (!all.length) return null
  return (
    <>
      <Text fw={600} size="sm" mt="md">
        {t('timetable.changes')}
      </Text>
      <ul className="timetable-changes">
        {all.map((c) => {
          const of = p.named(c.pattern)
          return (
            <li key={c.id}>
              {c.date} {of ? f.local(of.name, of.name_zh) : c.pattern}{' '}
              {c.period && t('timetable.inPeriod', { period: c.period })}:{' '}
              {[
                c.cancel && t('timetable.cancelled'),
                c.start && `${c.start}–${c.end}`,
                c.zones?.map((z) => places.get(z) ?? z).join(', '),
                c.persons?.length && t('timetable.substituted'),
              ]
                .filter(Boolean)
                .join(', ')}{' '}
              {p.may && (
                <Button size="compact-xs" variant="default" onClick={() => ask(c.id)}>
                  {t('timetable.takeBack')}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
      <Ask
        opened={!!gone}
        onClose={() => ask('')}
        title={t('timetable.takeBack')}
        text={t('timetable.takeBackText')}
        deed={t('timetable.takeBack')}
        onDo={async () => {
          await call(`/v1/timetable/changes/${encodeURIComponent(gone)}`, { method: 'DELETE' })
          await cache.invalidateQueries({ queryKey: ['timetable'] })
        }}
      />
    </>
  )
}

/** A pattern: what is so each week, from a day on. */
export function EditPattern(p: { school: string; p?: SessionPattern; of: string; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const classes = useClasses()
  const [ending, end] = useState(false)
  const x = p.p
  const form = useForm(
    'PatternInput',
    () => ({
      kind: x?.kind ?? ('lesson' as SessionPattern['kind']),
      name: x?.name ?? '',
      name_zh: x?.name_zh ?? '',
      to: x?.to ?? '',
      weekdays: x?.weekdays ?? [],
      weeks: x?.weeks ?? ('' as const),
      periods: (x?.periods ?? []).join(', '),
      start: x?.start ?? '',
      due: x?.due ?? '',
      end: x?.end ?? '',
      classes: x?.classes ?? (p.of ? [p.of] : []),
      who: x?.who ?? (['student'] as PersonKind[]),
    }),
    { ...x },
  )
  const { v, set, text } = form
  const save = async () => {
    const periods = v.periods
      .split(/[,，、]/)
      .map((s) => s.trim())
      .filter(Boolean)
    const body: Sent<'PatternInput'> = {
      kind: v.kind,
      name: v.name,
      name_zh: v.name_zh,
      days: x?.days ?? 'school_days',
      to: v.to,
      weekdays: v.weekdays,
      weeks: v.weeks,
      periods,
      start: periods.length ? '' : v.start,
      due: periods.length ? '' : v.due,
      end: periods.length ? '' : v.end,
      classes: v.classes,
      who: v.who,
    }
    if (x) await change(`/v1/timetable/patterns/${encodeURIComponent(x.id)}`, form.base, { ...body })
    else await call('/v1/timetable/patterns', { method: 'POST', body: { ...body, school: p.school } })
    await cache.invalidateQueries({ queryKey: ['timetable'] })
  }
  return (
    <>
      <FormDialog
        form={form}
        save={save}
        ready={!!v.name && v.who.length > 0}
        onClose={p.onClose}
        size="lg"
        title={x ? t('timetable.editPattern') : t('timetable.addPattern')}
        subject={x && { ...x }}>
        <Text size="sm" c="dimmed">
          {t(x ? 'timetable.fromToday' : 'timetable.patternHelp')}
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput label={t('session.name')} required {...text('name')} />
          <TextInput label={t('session.nameZH')} {...text('name_zh')} />
          <Select
            label={t('session.kind')}
            allowDeselect={false}
            value={v.kind}
            data={sessionKinds.map((k) => ({ value: k, label: t('sessionKind.' + k) }))}
            onChange={(k) => k && set({ kind: k as SessionPattern['kind'] })}
          />
          <MultiSelect
            label={t('timetable.weekdays')}
            placeholder={v.weekdays.length ? '' : t('timetable.allWeekdays')}
            value={v.weekdays}
            data={weekdays.map((d) => ({ value: d, label: t('duty.weekday.' + d) }))}
            onChange={(d) => set({ weekdays: d as typeof v.weekdays })}
          />
          <Select
            label={t('timetable.weeks')}
            allowDeselect={false}
            value={v.weeks}
            data={['', ...patternWeeks].map((w) => ({
              value: w,
              label: t('timetable.weeksOf.' + (w || 'all')),
            }))}
            onChange={(w) => set({ weeks: (w ?? '') as typeof v.weeks })}
          />
        </SimpleGrid>
        <TextInput
          label={t('timetable.periods')}
          description={t('timetable.periodsHelp')}
          {...text('periods')}
          maxLength={200}
        />
        {!v.periods.trim() && (
          <SimpleGrid cols={3}>
            <TextInput type="time" required label={t('session.start')} {...text('start')} />
            <TextInput type="time" label={t('session.due')} {...text('due')} />
            <TextInput type="time" required label={t('session.end')} {...text('end')} />
          </SimpleGrid>
        )}
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <MultiSelect
            searchable
            label={t('session.classes')}
            placeholder={v.classes.length ? '' : t('session.everybody')}
            value={v.classes}
            data={[...new Set([...classes, ...v.classes])]}
            onChange={(c) => set({ classes: c })}
          />
          <MultiSelect
            required
            label={t('session.who')}
            value={v.who}
            data={personKinds.map((k) => ({ value: k, label: t('personKind.' + k) }))}
            onChange={(w) => set({ who: w as PersonKind[] })}
          />
          <TextInput type="date" label={t('timetable.lastDay')} {...text('to')} />
        </SimpleGrid>
        {x && (
          <Group>
            <Button size="xs" color="red" variant="light" onClick={() => end(true)}>
              {t('timetable.endIt')}
            </Button>
          </Group>
        )}
      </FormDialog>
      <Ask
        opened={ending}
        onClose={() => end(false)}
        danger
        title={t('timetable.endIt')}
        text={t('timetable.endText', { name: x?.name ?? '' })}
        deed={t('timetable.endIt')}
        onDo={async () => {
          await remove(`/v1/timetable/patterns/${encodeURIComponent(x!.id)}`, x!)
          await cache.invalidateQueries({ queryKey: ['timetable'] })
          p.onClose()
        }}
      />
    </>
  )
}
