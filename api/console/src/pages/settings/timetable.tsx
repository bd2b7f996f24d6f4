// The timetable: a class's week as a grid, what is wrong with it, changes of a day, and a term from a
// file.

import { Alert, Anchor, Button, Select, Text, TextInput } from '@mantine/core'
import { IconAlertTriangle, IconChevronLeft, IconChevronRight, IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client'
import type {
  SessionPattern,
  TimetableDay,
  TimetableProblem,
  TimetableRun,
  TimetableWeek,
} from '../../api/types'
import { useT } from '../../i18n'
import { dayIn, wallIn } from '../../lib/format'
import { byPeriod, later, type Row } from '../../lib/timetable'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { useAddress, useOpen } from '../../ui/address'
import { useSubject } from '../../ui/dialog'
import { Empty, Loaded, Panel, Tag } from '../../ui/kit'
import { useClasses } from '../people'
import { ChangeDay, EditPattern, Taken } from './timetablechange'
import { TemplatesPanel } from './timetabledays'
import { ImportTimetable } from './timetableimport'

export function TimetableTab() {
  const { t } = useT()
  const { can, school } = useSession()
  const of = useSchoolParam() || school.id
  const classes = useClasses()
  const { get, put } = useAddress()
  const [id, edit, close] = useOpen('edit')
  const [at, open, shut] = useOpen('change')
  const may = can('attendance:write')
  const today = dayIn(school.timezone, Date.now())
  const date = get('date') || today
  const of1 = get('class') || classes[0] || ''
  const week = useQuery({
    queryKey: ['timetable', 'week', of, date, of1],
    queryFn: () => call('/v1/timetable/week', { query: { school: of, date, class: of1 } }),
  })
  const patterns = useQuery({
    queryKey: ['timetable', 'patterns', of, of1],
    queryFn: () => call('/v1/timetable/patterns', { query: { school: of, class: of1, limit: 1000 } }),
  })
  const named = (x: string) => patterns.data?.items?.find((p) => p.id === x)
  // It stays while its dialog is open: a lesson that is cancelled is in no week any more.
  const { subject: run } = useSubject(
    at,
    week.data?.runs.find((r) => r.id === at),
  )
  const step = (days: number) => put('date', later(date, days))
  return (
    <>
      <Panel
        title={t('timetable.week')}
        actions={
          <>
            <Select
              size="xs"
              w={130}
              searchable
              aria-label={t('timetable.class')}
              value={of1 || null}
              data={[...new Set([...classes, of1].filter(Boolean))]}
              onChange={(c) => c && put('class', c)}
            />
            <Button size="xs" variant="default" aria-label={t('timetable.before')} onClick={() => step(-7)}>
              <IconChevronLeft size={15} aria-hidden />
            </Button>
            <TextInput
              size="xs"
              type="date"
              aria-label={t('attendance.date')}
              value={date}
              onChange={(e) => e.currentTarget.value && put('date', e.currentTarget.value)}
            />
            <Button size="xs" variant="default" aria-label={t('timetable.after')} onClick={() => step(7)}>
              <IconChevronRight size={15} aria-hidden />
            </Button>
            <Button
              size="xs"
              variant="subtle"
              component="a"
              download
              href={`/v1/timetable.ics?school=${encodeURIComponent(of)}&class=${encodeURIComponent(of1)}`}
              leftSection={<IconDownload size={15} aria-hidden />}>
              {t('calendar.export')}
            </Button>
            {may && <ImportTimetable school={of} />}
            {may && (
              <Button size="xs" onClick={() => edit('new')}>
                {t('timetable.add')}
              </Button>
            )}
          </>
        }>
        <Loaded q={week}>
          {(w) => (
            <>
              <Problems w={w} />
              <Grid w={w} today={today} may={may} onOpen={open} onEdit={edit} named={named} />
              <Taken school={of} w={w} named={named} may={may} />
            </>
          )}
        </Loaded>
      </Panel>
      <TemplatesPanel school={of} may={may} />
      {may && (id === 'new' || named(id ?? '')) && (
        <EditPattern key={id} school={of} p={named(id ?? '')} of={of1} onClose={close} />
      )}
      {may && run && <ChangeDay key={run.id} run={run} zone={week.data?.timezone ?? 'UTC'} onClose={shut} />}
    </>
  )
}

function Problems({ w }: { w: TimetableWeek }) {
  const { t } = useT()
  if (!w.problems.length && !w.calendar_ends) return null
  const text = (p: TimetableProblem) =>
    t('timetableProblem.' + p.code, {
      date: p.date,
      name: p.name ?? '',
      period: p.period ?? '',
      other: p.other_name ?? '',
      class: p.class || t('timetable.aPerson'),
      zone: p.zone ?? '',
      ends: w.calendar_ends ?? '',
    })
  const ended = w.problems.some((p) => p.code === 'calendar_end')
  return (
    <Alert
      mb="sm"
      variant="light"
      color={w.problems.length ? 'orange' : 'blue'}
      icon={<IconAlertTriangle aria-hidden />}
      title={
        w.problems.length
          ? t('timetable.problems', { count: w.problems.length + w.more_problems })
          : t('timetable.endsSoon', { ends: w.calendar_ends })
      }>
      <ul className="calendar-import">
        {w.problems.map((p, i) => (
          <li key={i}>{text(p)}</li>
        ))}
        {!!w.problems.length && !ended && w.calendar_ends && (
          <li>{t('timetable.endsSoon', { ends: w.calendar_ends })}</li>
        )}
      </ul>
    </Alert>
  )
}

interface GridProps {
  w: TimetableWeek
  today: string
  may: boolean
  onOpen: (id: string) => void
  onEdit: (id: string) => void
  named: (id: string) => SessionPattern | undefined
}

function Grid(p: GridProps) {
  const { t } = useT()
  const f = useFormat()
  const { w } = p
  const rows = byPeriod(w.runs, w.timezone)
  const days = w.days.filter((d, i) => i < 5 || d.school || w.runs.some((r) => r.date === d.date))
  if (!rows.length) return <Empty title={t('timetable.none')} hint={t('timetable.noneHint')} />
  return (
    <div className="timetable-scroll" tabIndex={0} role="group" aria-label={t('timetable.week')}>
      <table className="timetable">
        <thead>
          <tr>
            <th scope="col">
              {t('timetable.period')}
              <small>{t('timetable.weekNumber', { n: w.days[0].week })}</small>
            </th>
            {days.map((d) => (
              <th key={d.date} scope="col" data-off={!d.school} data-today={d.date === p.today}>
                {t('duty.weekday.' + weekdayOf(d))} <span>{d.date.slice(5)}</span>
                <small>
                  {[
                    f.local(d.name ?? '', d.name_zh),
                    d.school &&
                      d.runs_as !== weekdayOf(d) &&
                      t('calendar.runsAsDay', { day: t('duty.weekday.' + d.runs_as) }),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r.key}>
              <th scope="row">
                {r.period || '–'} <small>{r.start}</small>
              </th>
              {days.map((d) => (
                <td key={d.date} data-off={!d.school}>
                  {r.runs
                    .filter((x) => x.date === d.date)
                    .map((x) => (
                      <Lesson key={x.id} x={x} row={r} p={p} />
                    ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Lesson({ x, row, p }: { x: TimetableRun; row: Row; p: GridProps }) {
  const { t } = useT()
  const f = useFormat()
  const { places } = usePlaces()
  const at = wallIn(p.w.timezone, x.start).slice(11)
  const until = wallIn(p.w.timezone, x.end).slice(11)
  const wrong = p.w.problems.some(
    (y) => y.date === x.date && y.pattern === x.pattern && (!y.period || y.period === x.period),
  )
  const name = f.local(x.name, x.name_zh)
  const over = Date.parse(x.start) <= Date.now()
  return (
    <div className="timetable-lesson" data-wrong={wrong} data-over={over}>
      {p.may && !over && !x.edited ? (
        <Anchor component="button" type="button" size="sm" onClick={() => p.onOpen(x.id)}>
          {name}
        </Anchor>
      ) : (
        <Text span size="sm">
          {name}
        </Text>
      )}
      {wrong && <IconAlertTriangle size={14} role="img" aria-label={t('timetable.wrong')} />}
      <small>
        {at !== row.start && `${at}–${until} `}
        {(x.zones ?? []).map((z) => places.get(z) ?? z).join(', ')}
      </small>
      {x.edited && <Tag tone="orange">{t('timetable.edited')}</Tag>}
      {p.may && p.named(x.pattern ?? '') && (
        <Button size="compact-xs" variant="subtle" onClick={() => p.onEdit(x.pattern!)}>
          {t('timetable.everyWeek')}
        </Button>
      )}
    </div>
  )
}

function weekdayOf(d: TimetableDay): string {
  return ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][new Date(d.date + 'T12:00:00Z').getUTCDay()]!
}

/** The school's rooms by id. */
export function usePlaces() {
  const { school } = useSession()
  const of = useSchoolParam() || school.id
  const q = useQuery({
    queryKey: ['places', of],
    queryFn: () => call('/v1/places', { query: { school: of } }),
  })
  return { places: new Map((q.data?.zones ?? []).map((z) => [z.id, z.name])) }
}
