// The form of a rota: its lines with their hours and turns, its holidays, and where nobody is.

import { ActionIcon, Button, Chip, Group, MultiSelect, Select, Stack, Switch, TextInput } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { change, remove } from '../../api/change'
import {
  turnUnits,
  weekdays,
  type Holiday,
  type Rota,
  type RotaLine,
  type RotaRow,
  type Sent,
} from '../../api/types'
import { useT } from '../../i18n'
import { dayIn } from '../../lib/format'
import { useSchoolParam, useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { FormDialog, useForm } from '../../ui/form'
import { leaves } from '../../ui/kit'
import { Holes } from './holes'
import { Parts, without } from './parts'
import { mondayOf } from './week'

export function RotaDialog({ r, onClose }: { r?: Rota; onClose: () => void }) {
  const { t } = useT()
  const { school } = useSession()
  const schoolID = useSchoolParam()
  const cache = useQueryClient()
  const [saved, setSaved] = useState<RotaRow>()
  const [gone, setGone] = useState(false)
  const form = useForm(
    'RotaInput',
    () => ({
      name: r?.name ?? '',
      name_zh: r?.name_zh ?? '',
      lines: r?.lines ?? [usual(mondayOf(dayIn(school.timezone, Date.now())))],
      holidays: r?.holidays ?? [],
      calendar: r?.calendar ?? false,
    }),
    { ...r },
  )
  const { v, set, text } = form
  const again = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: ['duty'] }),
      cache.invalidateQueries({ queryKey: ['rotas'] }),
    ])
  const save = async () => {
    const body = { school: schoolID, ...v, name_zh: v.name_zh || undefined } satisfies Sent<'RotaInput'>
    const kept = r
      ? await change<RotaRow>(`/v1/rotas/${encodeURIComponent(r.id)}`, form.base, { ...v })
      : await call('/v1/rotas', { method: 'POST', body })
    await again()
    if (!kept?.holes_total) return
    setSaved(kept as RotaRow)
    return leaves
  }
  if (saved)
    return (
      <Holes
        title={saved.name}
        holes={saved.holes}
        total={saved.holes_total}
        hours={saved.hole_hours}
        until={saved.holes_until}
        onClose={onClose}
      />
    )
  return (
    <>
      <FormDialog
        form={form}
        save={save}
        onClose={onClose}
        size="lg"
        title={r ? t('duty.editRota') : t('duty.addRota')}
        other={r && { deed: t('common.delete'), run: async () => (setGone(true), leaves) }}
        subject={r && { ...r }}>
        <Group grow>
          <TextInput required label={t('duty.name')} {...text('name')} />
          <TextInput label={t('duty.nameZH')} {...text('name_zh')} />
        </Group>
        <Parts
          all={v.lines}
          name={(n) => t('duty.line', { n })}
          add={t('duty.addLine')}
          fresh={(): RotaLine => ({ ...v.lines[v.lines.length - 1]!, turns: [[]] })}
          onChange={(lines) => set({ lines })}>
          {(l, n, put) => <Line l={l} n={n} said={form.said} onChange={put} />}
        </Parts>
        <Holidays
          all={v.holidays}
          calendar={v.calendar}
          said={form.said}
          onCalendar={(calendar) => set({ calendar })}
          onChange={(holidays) => set({ holidays })}
        />
      </FormDialog>
      <Ask
        opened={gone}
        onClose={() => setGone(false)}
        danger
        title={t('duty.deleteRota')}
        text={t('duty.deleteRotaText', { name: r?.name ?? '' })}
        deed={t('common.delete')}
        onDo={async () => {
          await remove(`/v1/rotas/${encodeURIComponent(r!.id)}`, r!)
          await again()
          onClose()
        }}
      />
    </>
  )
}

const usual = (monday: string): RotaLine => ({
  start: '08:00',
  end: '08:00',
  first: monday,
  each: 'week',
  turns: [[]],
})

interface LineProps {
  l: RotaLine
  n: number
  said: (field: string) => string | undefined
  onChange: (c: Partial<RotaLine>) => void
}

function Line({ l, n, said, onChange }: LineProps) {
  const { t } = useT()
  const at = `lines[${n}].`
  return (
    <>
      <Chip.Group
        multiple
        value={l.days ?? []}
        onChange={(d) => onChange({ days: d.length ? (d as NonNullable<RotaLine['days']>) : undefined })}>
        <Group gap={4} role="group" aria-label={t('duty.days')}>
          {weekdays.map((d) => (
            <Chip key={d} size="xs" value={d}>
              {t('duty.weekday.' + d)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <p className="duty-hint">{l.days?.length ? '' : t('duty.everyDay')}</p>
      <Group grow>
        <TextInput
          type="time"
          required
          label={t('duty.start')}
          value={l.start}
          error={said(at + 'start')}
          onChange={(e) => onChange({ start: e.currentTarget.value })}
        />
        <TextInput
          type="time"
          required
          label={t('duty.end')}
          value={l.end}
          error={said(at + 'end')}
          onChange={(e) => onChange({ end: e.currentTarget.value })}
        />
      </Group>
      <Group grow>
        <TextInput
          type="date"
          required
          label={t('duty.first')}
          value={l.first}
          error={said(at + 'first')}
          onChange={(e) => onChange({ first: e.currentTarget.value })}
        />
        <Select
          label={t('duty.each')}
          allowDeselect={false}
          value={l.each}
          data={turnUnits.map((u) => ({ value: u, label: t('duty.unit.' + u) }))}
          onChange={(u) => u && onChange({ each: u as RotaLine['each'] })}
        />
        <Select
          label={t('duty.onHolidays')}
          allowDeselect={false}
          value={l.holidays || 'on'}
          data={(['on', 'off', 'only'] as const).map((h) => ({ value: h, label: t('duty.holiday.' + h) }))}
          onChange={(h) => onChange({ holidays: h === 'on' ? undefined : (h as 'off' | 'only') })}
        />
      </Group>
      <Turns
        turns={(l.turns ?? []).map((x) => x ?? [])}
        said={(i) => said(`${at}turns[${i}]`)}
        onChange={(turns) => onChange({ turns })}
      />
    </>
  )
}

interface TurnsProps {
  turns: string[][]
  said: (i: number) => string | undefined
  onChange: (turns: string[][]) => void
}

function Turns({ turns, said, onChange }: TurnsProps) {
  const { t } = useT()
  const schoolID = useSchoolParam()
  const staff = useQuery({
    queryKey: ['duty', 'staff', schoolID],
    queryFn: () => call('/v1/duty/staff', { query: { school: schoolID } }),
  })
  const people = (staff.data?.items ?? []).map((m) => ({
    value: m.id,
    label: m.able ? m.name : `${m.name} (${t('duty.noRights')})`,
  }))
  return (
    <Stack gap={6} mt={6}>
      {turns.map((turn, i) => (
        <Group key={i} wrap="nowrap" align="flex-end" gap={6}>
          <MultiSelect
            flex={1}
            searchable
            label={t('duty.turn', { n: i + 1 })}
            placeholder={turn.length ? undefined : t('duty.nobody')}
            value={turn}
            error={said(i)}
            data={people}
            onChange={(who) => onChange(turns.map((x, n) => (n === i ? who : x)))}
          />
          {turns.length > 1 && (
            <ActionIcon
              mb={6}
              variant="subtle"
              color="red"
              aria-label={t('duty.deleteTurn', { n: i + 1 })}
              onClick={() => onChange(without(turns, i))}>
              <IconTrash size={14} />
            </ActionIcon>
          )}
        </Group>
      ))}
      <Group>
        <Button size="compact-xs" variant="default" onClick={() => onChange([...turns, []])}>
          {t('duty.addTurn')}
        </Button>
      </Group>
    </Stack>
  )
}

interface HolidaysProps {
  all: Holiday[]
  calendar: boolean
  onCalendar: (on: boolean) => void
  said: (field: string) => string | undefined
  onChange: (all: Holiday[]) => void
}

function Holidays({ all, calendar, onCalendar, said, onChange }: HolidaysProps) {
  const { t } = useT()
  const put = (i: number, c: Partial<Holiday>) => onChange(all.map((h, n) => (n === i ? { ...h, ...c } : h)))
  return (
    <fieldset className="duty-line">
      <legend>{t('duty.holidays')}</legend>
      <Stack gap={6}>
        <Switch
          label={t('duty.calendar')}
          description={t('duty.calendarHint')}
          checked={calendar}
          onChange={(e) => onCalendar(e.currentTarget.checked)}
        />
        {all.map((h, i) => (
          <Group key={i} grow align="flex-end" gap={6} preventGrowOverflow={false}>
            <TextInput
              label={t('duty.name')}
              maxLength={40}
              value={h.name ?? ''}
              onChange={(e) => put(i, { name: e.currentTarget.value || undefined })}
            />
            <TextInput
              type="date"
              required
              label={t('duty.from')}
              value={h.from}
              error={said(`holidays[${i}].from`)}
              onChange={(e) => put(i, { from: e.currentTarget.value })}
            />
            <TextInput
              type="date"
              required
              label={t('duty.lastDay')}
              value={h.to}
              error={said(`holidays[${i}].to`)}
              onChange={(e) => put(i, { to: e.currentTarget.value })}
            />
            <ActionIcon
              mb={6}
              flex={0}
              variant="subtle"
              color="red"
              aria-label={t('common.delete')}
              onClick={() => onChange(without(all, i))}>
              <IconTrash size={14} />
            </ActionIcon>
          </Group>
        ))}
        <Group>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => onChange([...all, { from: '', to: '' }])}>
            {t('duty.addHoliday')}
          </Button>
        </Group>
      </Stack>
    </fieldset>
  )
}
