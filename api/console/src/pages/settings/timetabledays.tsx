// Templates of days: when the periods are, and which days have one.

import { ActionIcon, Button, Group, MultiSelect, Select, SimpleGrid, Text, TextInput } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { change, remove } from '../../api/change'
import type { DayTemplate, Sent } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat } from '../../session'
import { useOpen } from '../../ui/address'
import { Ask } from '../../ui/ask'
import { useSubject } from '../../ui/dialog'
import { FormDialog, useForm } from '../../ui/form'
import { Empty, Loaded, Panel, Rows, Tag } from '../../ui/kit'
import { useClasses } from '../people'
import { NumberField } from '../../ui/numberfield'

export function TemplatesPanel({ school, may }: { school: string; may: boolean }) {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const [id, edit, close] = useOpen('template')
  const [on, put, done] = useOpen('days')
  const [goneID, askGone, noGone] = useOpen('delete')
  const [off, takeOff] = useState('')
  const q = useQuery({
    queryKey: ['timetable', 'templates', school],
    queryFn: () => call('/v1/timetable/templates', { query: { school, limit: 1000 } }),
  })
  const days = useQuery({
    queryKey: ['timetable', 'days', school],
    queryFn: () => call('/v1/timetable/days', { query: { school, limit: 1000 } }),
  })
  const find = (x: string | undefined) => q.data?.items?.find((e) => e.id === x)
  const { subject, gone: editedAway } = useSubject(id, find(id))
  const { subject: gone } = useSubject(goneID, find(goneID))
  const refresh = () => cache.invalidateQueries({ queryKey: ['timetable'] })
  return (
    <Panel
      flush
      title={t('timetable.templates')}
      actions={
        may && (
          <>
            {!!q.data?.items?.length && (
              <Button size="xs" variant="default" onClick={() => put('new')}>
                {t('timetable.putOn')}
              </Button>
            )}
            <Button size="xs" onClick={() => edit('new')}>
              {t('timetable.addTemplate')}
            </Button>
          </>
        )
      }>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <Rows
              label={t('timetable.templates')}
              rows={d.items}
              id={(x) => x.id}
              columns={[
                {
                  key: 'name',
                  label: t('session.name'),
                  main: true,
                  cell: (x) => (
                    <>
                      {f.local(x.name, x.name_zh)} {x.usual && <Tag tone="blue">{t('timetable.usual')}</Tag>}
                    </>
                  ),
                },
                {
                  key: 'periods',
                  label: t('timetable.periods'),
                  cell: (x) =>
                    x.periods?.length
                      ? x.periods.map((y) => `${y.name} ${y.start}–${y.end}`).join(', ')
                      : t('timetable.shifted', { count: x.shift ?? 0 }),
                },
                {
                  key: 'days',
                  label: t('timetable.days'),
                  cell: (x) => (
                    <>
                      {days.data?.items
                        ?.filter((y) => y.template === x.id)
                        .map((y) => (
                          <Text key={y.id} size="sm" component="div">
                            {y.from === y.to ? y.from : `${y.from} – ${y.to}`} {(y.classes ?? []).join(', ')}{' '}
                            {may && (
                              <ActionIcon
                                size="sm"
                                variant="subtle"
                                aria-label={t('timetable.takeOff', { date: y.from })}
                                onClick={() => takeOff(y.id)}>
                                <IconTrash size={14} aria-hidden />
                              </ActionIcon>
                            )}
                          </Text>
                        ))}
                    </>
                  ),
                },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (x) =>
                    may ? (
                      <Group gap={4} justify="flex-end">
                        <Button size="compact-xs" variant="default" onClick={() => edit(x.id)}>
                          {t('common.edit')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => askGone(x.id)}>
                          {t('common.delete')}
                        </Button>
                      </Group>
                    ) : null,
                },
              ]}
            />
          ) : (
            <Empty title={t('timetable.noTemplate')} hint={t('timetable.noTemplateHint')} />
          )
        }
      </Loaded>
      {may && id === 'new' && <EditTemplate school={school} first={!q.data?.items?.length} onClose={close} />}
      {may && subject && (
        <EditTemplate key={id} school={school} x={subject} gone={editedAway} onClose={close} />
      )}
      {may && on === 'new' && <PutOn school={school} all={q.data?.items ?? []} onClose={done} />}
      <Ask
        opened={!!gone && may}
        onClose={noGone}
        danger
        title={t('timetable.deleteTemplate')}
        text={t('timetable.deleteTemplateText', { name: gone?.name ?? '' })}
        deed={t('common.delete')}
        onDo={async () => {
          await remove(`/v1/timetable/templates/${encodeURIComponent(gone!.id)}`, gone!)
          await refresh()
        }}
      />
      <Ask
        opened={!!off}
        onClose={() => takeOff('')}
        title={t('timetable.takeOffTitle')}
        text={t('timetable.takeBackText')}
        deed={t('timetable.takeOffTitle')}
        onDo={async () => {
          await call(`/v1/timetable/days/${encodeURIComponent(off)}`, { method: 'DELETE' })
          await refresh()
        }}
      />
    </Panel>
  )
}

interface Line {
  name: string
  start: string
  end: string
}

const morning: Line[] = [
  { name: '1', start: '08:00', end: '08:40' },
  { name: '2', start: '08:50', end: '09:30' },
  { name: '3', start: '09:50', end: '10:30' },
  { name: '4', start: '10:40', end: '11:20' },
]

function EditTemplate(p: {
  school: string
  x?: DayTemplate
  first?: boolean
  gone?: boolean
  onClose: () => void
}) {
  const { t } = useT()
  const cache = useQueryClient()
  const { x } = p
  const form = useForm(
    'DayTemplateInput',
    () => ({
      name: x?.name ?? (p.first ? t('timetable.usualName') : ''),
      name_zh: x?.name_zh ?? '',
      usual: x?.usual ?? !!p.first,
      shift: x?.shift ?? 0,
      periods: (x?.periods ?? (p.first ? morning : [])).map((y) => ({ ...y })) as Line[],
    }),
    { ...x },
  )
  const { v, set, text } = form
  const save = async () => {
    const body: Sent<'DayTemplateInput'> = {
      name: v.name,
      name_zh: v.name_zh,
      usual: v.usual,
      shift: v.shift,
      periods: v.periods,
    }
    if (x) await change(`/v1/timetable/templates/${encodeURIComponent(x.id)}`, form.base, { ...body })
    else await call('/v1/timetable/templates', { method: 'POST', body: { ...body, school: p.school } })
    await cache.invalidateQueries({ queryKey: ['timetable'] })
  }
  const line = (i: number, to: Partial<Line>) =>
    set({ periods: v.periods.map((y, k) => (k === i ? { ...y, ...to } : y)) })
  return (
    <FormDialog
      form={form}
      save={save}
      ready={!!v.name && v.periods.every((y) => y.name && y.start && y.end)}
      onClose={p.onClose}
      title={x ? t('timetable.editTemplate') : t('timetable.addTemplate')}
      gone={p.gone}
      subject={x && { ...x }}>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label={t('session.name')} required {...text('name')} />
        <TextInput label={t('session.nameZH')} {...text('name_zh')} />
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {t(v.usual ? 'timetable.usualHelp' : 'timetable.periodsOfDayHelp')}
      </Text>
      {v.periods.map((y, i) => (
        <Group key={i} gap="xs" wrap="nowrap" align="flex-end">
          <TextInput
            style={{ flex: 1, minWidth: 0 }}
            aria-label={t('timetable.nthName', { n: i + 1 })}
            value={y.name}
            maxLength={20}
            error={form.said(`periods[${i}].name`)}
            onChange={(e) => line(i, { name: e.currentTarget.value })}
          />
          <TextInput
            type="time"
            aria-label={t('timetable.nthStart', { n: i + 1 })}
            value={y.start}
            error={form.said(`periods[${i}].start`)}
            onChange={(e) => line(i, { start: e.currentTarget.value })}
          />
          <TextInput
            type="time"
            aria-label={t('timetable.nthEnd', { n: i + 1 })}
            value={y.end}
            error={form.said(`periods[${i}].end`)}
            onChange={(e) => line(i, { end: e.currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            mb={4}
            aria-label={t('timetable.nthGone', { n: i + 1 })}
            onClick={() => set({ periods: v.periods.filter((_, k) => k !== i) })}>
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <Group>
        <Button
          size="xs"
          variant="default"
          disabled={v.periods.length >= 20}
          onClick={() =>
            set({ periods: [...v.periods, { name: String(v.periods.length + 1), start: '', end: '' }] })
          }>
          {t('timetable.addPeriod')}
        </Button>
      </Group>
      {!v.usual && (
        <NumberField
          label={t('timetable.shift')}
          description={t('timetable.shiftHelp')}
          min={-360}
          max={360}
          value={v.shift}
          error={form.said('shift')}
          onChange={(n) => set({ shift: n })}
        />
      )}
    </FormDialog>
  )
}

function PutOn({ school, all, onClose }: { school: string; all: DayTemplate[]; onClose: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const classes = useClasses()
  const form = useForm('TemplateDaysInput', () => ({
    template: all.find((x) => !x.usual)?.id ?? all[0]?.id ?? '',
    from: '',
    to: '',
    classes: [] as string[],
  }))
  const { v, set, text } = form
  const save = async () => {
    await call('/v1/timetable/days', {
      method: 'POST',
      body: { school, template: v.template, from: v.from, to: v.to || v.from, classes: v.classes },
    })
    await cache.invalidateQueries({ queryKey: ['timetable'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      ready={!!v.template && !!v.from}
      onClose={onClose}
      title={t('timetable.putOn')}>
      <Select
        label={t('timetable.template')}
        allowDeselect={false}
        value={v.template}
        data={all.map((x) => ({ value: x.id, label: f.local(x.name, x.name_zh) }))}
        onChange={(x) => x && set({ template: x })}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label={t('calendar.from')} type="date" required {...text('from')} />
        <TextInput label={t('calendar.to')} type="date" min={v.from} {...text('to')} />
      </SimpleGrid>
      <MultiSelect
        searchable
        label={t('calendar.classes')}
        placeholder={v.classes.length ? '' : t('calendar.everybody')}
        value={v.classes}
        data={classes}
        onChange={(c) => set({ classes: c })}
      />
    </FormDialog>
  )
}
