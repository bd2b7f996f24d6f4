// The calendar: the year as a picture, its terms, days off and working days, and files that hold them.

import {
  Alert,
  Button,
  FileButton,
  Group,
  MultiSelect,
  Select,
  SimpleGrid,
  Text,
  TextInput,
} from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconDownload, IconUpload } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { change, remove } from '../../api/change'
import {
  calendarKinds,
  weekdays,
  type CalendarDay,
  type CalendarEntry,
  type CalendarImport,
  type Sent,
} from '../../api/types'
import { useT } from '../../i18n'
import { dayIn } from '../../lib/format'
import { monthsOf, yearOf } from '../../lib/calendar'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { useAddress, useOpen } from '../../ui/address'
import { Ask } from '../../ui/ask'
import { useSubject } from '../../ui/dialog'
import { FormDialog, useForm } from '../../ui/form'
import { Empty, errorText, Loaded, Panel, Rows, Tag } from '../../ui/kit'
import { useClasses } from '../people'

export function CalendarTab() {
  const { t } = useT()
  const f = useFormat()
  const { can, school } = useSession()
  const schoolID = useSchoolParam()
  const cache = useQueryClient()
  const { get, put } = useAddress()
  const [id, edit, close] = useOpen('edit')
  const [goneID, askGone, noGone] = useOpen('delete')
  const year = Number(get('year')) || yearOf(dayIn(school.timezone, Date.now()))
  const of = schoolID || school.id
  const q = useQuery({
    queryKey: ['calendar', of],
    queryFn: () => call('/v1/calendar', { query: { school: of, limit: 1000 } }),
  })
  const days = useQuery({
    queryKey: ['calendar', 'days', of, year],
    queryFn: () =>
      call('/v1/calendar-days', { query: { school: of, from: `${year}-08-01`, to: `${year + 1}-07-31` } }),
  })
  const find = (x: string | undefined) => q.data?.items?.find((e) => e.id === x)
  const { subject, gone: editedAway } = useSubject(id, find(id))
  const { subject: gone } = useSubject(goneID, find(goneID))
  const may = can('settings:write')
  return (
    <>
      <Panel
        title={t('calendar.year', { from: year, to: year + 1 })}
        actions={
          <>
            <Button
              size="xs"
              variant="default"
              aria-label={t('calendar.before')}
              onClick={() => put('year', String(year - 1))}>
              <IconChevronLeft size={15} aria-hidden />
            </Button>
            <Button
              size="xs"
              variant="default"
              aria-label={t('calendar.after')}
              onClick={() => put('year', String(year + 1))}>
              <IconChevronRight size={15} aria-hidden />
            </Button>
          </>
        }>
        <Loaded q={days}>{(d) => <Year days={d.days} entries={q.data?.items ?? []} />}</Loaded>
        <p className="calendar-legend">
          <span className="day" data-is="school" /> {t('calendar.schoolDay')}
          <span className="day" data-is="off" /> {t('calendar.dayOff')}
          <span className="day" data-is="worked" /> {t('calendar.worked')}
          <span className="day" data-is="none" /> {t('calendar.noSchool')}
        </p>
      </Panel>
      <Panel
        flush
        title={t('calendar.entries')}
        actions={
          <>
            <Button
              size="xs"
              variant="subtle"
              component="a"
              href={`/v1/calendar.ics?school=${encodeURIComponent(of)}`}
              download
              leftSection={<IconDownload size={15} aria-hidden />}>
              {t('calendar.export')}
            </Button>
            {may && <Import school={of} />}
            {may && (
              <Button size="xs" onClick={() => edit('new')}>
                {t('calendar.add')}
              </Button>
            )}
          </>
        }>
        <Loaded q={q}>
          {(d) =>
            d.items?.length ? (
              <Rows
                label={t('calendar.entries')}
                rows={d.items}
                id={(e) => e.id}
                columns={[
                  {
                    key: 'name',
                    label: t('calendar.name'),
                    main: true,
                    cell: (e) => f.local(e.name, e.name_zh),
                  },
                  { key: 'kind', label: t('calendar.kind'), cell: (e) => <KindTag e={e} /> },
                  { key: 'from', label: t('calendar.from'), cell: (e) => e.from },
                  { key: 'to', label: t('calendar.to'), cell: (e) => e.to },
                  {
                    key: 'who',
                    label: t('calendar.classes'),
                    cell: (e) => (e.classes ?? []).join(', ') || t('calendar.everybody'),
                  },
                  {
                    key: 'do',
                    label: '',
                    right: true,
                    cell: (e) =>
                      e.school !== of ? (
                        <Text span size="xs" c="dimmed">
                          {t('calendar.above')}
                        </Text>
                      ) : may ? (
                        <Group gap={4} justify="flex-end">
                          <Button size="compact-xs" variant="default" onClick={() => edit(e.id)}>
                            {t('common.edit')}
                          </Button>
                          <Button size="compact-xs" variant="default" onClick={() => askGone(e.id)}>
                            {t('common.delete')}
                          </Button>
                        </Group>
                      ) : null,
                  },
                ]}
              />
            ) : (
              <Empty title={t('calendar.none')} hint={t('calendar.noneHint')} />
            )
          }
        </Loaded>
      </Panel>
      {id === 'new' && may && <Edit school={of} onClose={close} />}
      {subject && may && <Edit key={id} school={of} e={subject} gone={editedAway} onClose={close} />}
      <Ask
        opened={!!gone && may}
        onClose={noGone}
        danger
        title={t('calendar.delete')}
        text={t('calendar.deleteText', { name: gone?.name ?? '' })}
        deed={t('common.delete')}
        onDo={async () => {
          await remove(`/v1/calendar/${encodeURIComponent(gone!.id)}`, gone!)
          await cache.invalidateQueries({ queryKey: ['calendar'] })
        }}
      />
    </>
  )
}

function KindTag({ e }: { e: CalendarEntry }) {
  const { t } = useT()
  const tone = { term: 'blue', day_off: 'gray', workday: 'orange' } as const
  return (
    <Tag tone={tone[e.kind]}>
      {t('calendarKind.' + e.kind)}
      {e.runs_as && ` · ${t('calendar.runsAsDay', { day: t('duty.weekday.' + e.runs_as) })}`}
    </Tag>
  )
}

/** What a day is in the picture. */
function looks(d: CalendarDay, entries: CalendarEntry[]): string {
  if (d.school) return new Date(d.date + 'T12:00:00Z').getUTCDay() % 6 === 0 ? 'worked' : 'school'
  return entries.find((e) => e.id === d.entry)?.kind === 'day_off' ? 'off' : 'none'
}

function Year({ days, entries }: { days: CalendarDay[]; entries: CalendarEntry[] }) {
  const { t } = useT()
  const f = useFormat()
  return (
    <div className="calendar-year">
      {monthsOf(days).map((m) => (
        <table key={m.name} className="calendar-month">
          <caption>{f.month(m.name)}</caption>
          <thead>
            <tr>
              {weekdays.map((d) => (
                <th key={d} scope="col" abbr={t('duty.weekday.' + d)}>
                  {t('duty.weekday.' + d)
                    .slice(0, 2)
                    .replace('周', '')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {m.weeks.map((w, i) => (
              <tr key={i}>
                {w.map((d, k) =>
                  d ? (
                    <td
                      key={k}
                      className="day"
                      data-is={looks(d, entries)}
                      title={f.local(d.name ?? '', d.name_zh)}>
                      {Number(d.date.slice(8))}
                    </td>
                  ) : (
                    <td key={k} />
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </div>
  )
}

function Edit(p: { school: string; e?: CalendarEntry; gone?: boolean; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const classes = useClasses()
  const { e } = p
  const form = useForm(
    'CalendarEntryInput',
    () => ({
      kind: e?.kind ?? ('day_off' as CalendarEntry['kind']),
      name: e?.name ?? '',
      name_zh: e?.name_zh ?? '',
      from: e?.from ?? '',
      to: e?.to ?? '',
      runs_as: e?.runs_as ?? '',
      classes: e?.classes ?? [],
    }),
    { ...e },
  )
  const { v, set, text } = form
  const save = async () => {
    const body = {
      ...v,
      name_zh: v.name_zh || undefined,
      runs_as: (v.kind === 'workday' && v.runs_as) || undefined,
      to: v.to || v.from,
    } as Sent<'CalendarEntryInput'>
    if (e) await change(`/v1/calendar/${encodeURIComponent(e.id)}`, form.base, { ...body })
    else await call('/v1/calendar', { method: 'POST', body: { ...body, school: p.school } })
    await cache.invalidateQueries({ queryKey: ['calendar'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      theirs={(k, now) => set({ [k]: now ?? (k === 'classes' ? [] : '') })}
      ready={!!v.name && !!v.from}
      onClose={p.onClose}
      title={e ? t('calendar.edit') : t('calendar.add')}
      gone={p.gone}
      subject={e && { ...e }}>
      <Select
        label={t('calendar.kind')}
        description={t('calendarKindHelp.' + v.kind)}
        allowDeselect={false}
        value={v.kind}
        data={calendarKinds.map((k) => ({ value: k, label: t('calendarKind.' + k) }))}
        onChange={(k) => k && set({ kind: k as CalendarEntry['kind'] })}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label={t('calendar.name')} required {...text('name')} />
        <TextInput label={t('session.nameZH')} {...text('name_zh')} />
        <TextInput label={t('calendar.from')} type="date" required {...text('from')} />
        <TextInput label={t('calendar.to')} type="date" min={v.from} {...text('to')} />
      </SimpleGrid>
      {v.kind === 'workday' && (
        <Select
          clearable
          label={t('calendar.runsAs')}
          description={t('calendar.runsAsHelp')}
          value={v.runs_as || null}
          data={weekdays.map((d) => ({ value: d, label: t('duty.weekday.' + d) }))}
          onChange={(d) => set({ runs_as: (d ?? '') as typeof v.runs_as })}
        />
      )}
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

// Import reads a file, shows what it says, and keeps it when asked to.
function Import({ school }: { school: string }) {
  const { t } = useT()
  const cache = useQueryClient()
  const [file, setFile] = useState<File>()
  const [read, setRead] = useState<CalendarImport>()
  const [error, setError] = useState<unknown>()
  const send = (of: File, keep: boolean) =>
    call('/v1/calendar/import', {
      method: 'POST',
      query: { school, keep },
      body: new Blob([of]) as never,
      type: 'text/calendar',
    })
  const look = async (chosen: File | null) => {
    if (!chosen) return
    setFile(chosen)
    setError(undefined)
    try {
      setRead(await send(chosen, false))
    } catch (e) {
      setError(e)
    }
  }
  return (
    <>
      <FileButton accept=".ics,.json,text/calendar,application/json" onChange={(x) => void look(x)}>
        {(props) => (
          <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={15} aria-hidden />}>
            {t('calendar.import')}
          </Button>
        )}
      </FileButton>
      {error !== undefined && (
        <Text size="xs" c="red" role="alert">
          {errorText(error, t)}
        </Text>
      )}
      <Ask
        opened={!!read}
        onClose={() => setRead(undefined)}
        title={t('calendar.importTitle', { file: file?.name ?? '' })}
        deed={t('calendar.importKeep', { count: read?.entries.length ?? 0 })}
        over={read?.entries.length === 0}
        onDo={async () => {
          await send(file!, true)
          await cache.invalidateQueries({ queryKey: ['calendar'] })
        }}>
        <ul className="calendar-import">
          {read?.entries.map((e) => (
            <li key={e.from + e.name}>
              {e.from === e.to ? e.from : `${e.from} – ${e.to}`} {e.name} <KindTag e={e} />
            </li>
          ))}
        </ul>
        {!!read?.known && <Text size="sm">{t('calendar.importKnown', { count: read.known })}</Text>}
        {!!read?.left.length && (
          <Alert
            color="yellow"
            title={t('calendar.importLeft', { count: read.left.length + read.left_more })}>
            <ul className="calendar-import">
              {read.left.map((x, i) => (
                <li key={i}>
                  {x.what}: {x.why}
                </li>
              ))}
            </ul>
          </Alert>
        )}
      </Ask>
    </>
  )
}
