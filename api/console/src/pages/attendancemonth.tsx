// The month as a grid: a row for each person, a column for each day, and what it comes to. It prints,
// and is downloaded as a workbook.

import { Button, Group, Select, Text, TextInput } from '@mantine/core'
import { IconDownload, IconPrinter } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call, picture, query } from '../api/client'
import {
  attendanceStates,
  sessionKinds,
  type AttendanceState,
  type PersonMonth,
  type SessionKind,
} from '../api/types'
import { useT } from '../i18n'
import { dayIn } from '../lib/format'
import { daysOf, marks } from '../lib/month'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useAddress } from '../ui/address'
import { Empty, Page, Panel, Trouble, useDeed } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { useClasses } from './people'

const rowsMost = 60

export function AttendanceMonthPage() {
  const { t } = useT()
  const f = useFormat()
  const { can, school } = useSession()
  const schoolID = useSchoolParam()
  const classes = useClasses()
  const { get, put } = useAddress()
  const deed = useDeed()
  const today = dayIn(school.timezone, Date.now())
  const month = get('month') || today.slice(0, 7)
  const kind = (get('kind') || 'arrival') as SessionKind
  const who = get('who') === 'staff' ? 'staff' : 'student'
  const cls = get('class')
  const filter = { school: schoolID, month, kind, who, class: cls } as const
  const list = usePaged('attendance', '/v1/attendance/month', filter, { limit: rowsMost, every: 60_000 })
  const days = daysOf(month)
  const calendar = useQuery({
    queryKey: ['calendar', 'days', schoolID, month, cls],
    queryFn: () =>
      call('/v1/calendar-days', {
        query: { school: schoolID, from: days[0], to: days[days.length - 1], class: cls },
      }),
    staleTime: 60_000,
  })
  const off = new Set((calendar.data?.days ?? []).filter((d) => !d.school).map((d) => d.date))
  const download = () =>
    deed.run(async () => {
      const file = await picture('/v1/attendance/month.xlsx' + query(filter))
      const a = document.createElement('a')
      a.href = URL.createObjectURL(file)
      a.download = `attendance-${month}${cls && '-' + cls.replace(/[^\p{L}\p{N}.-]/gu, '-')}.xlsx`
      a.click()
      URL.revokeObjectURL(a.href)
    })
  return (
    <Page
      title={t('month.title')}
      sub={t('month.sub', { school: school.name, month: f.month(month) })}
      actions={
        <>
          <Button variant="default" component={Link} to="/attendance">
            {t('month.day')}
          </Button>
          <Button
            variant="default"
            leftSection={<IconPrinter size={16} aria-hidden />}
            onClick={() => window.print()}>
            {t('month.print')}
          </Button>
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            loading={deed.busy}
            data-testid="month-xlsx"
            onClick={() => void download()}>
            {t('month.download')}
          </Button>
        </>
      }>
      {deed.error ? <Trouble error={deed.error} /> : null}
      <Panel flush label={t('month.title')}>
        <div className="filters">
          <TextInput
            type="month"
            aria-label={t('month.month')}
            value={month}
            max={today.slice(0, 7)}
            onChange={(e) =>
              /^\d{4}-\d{2}$/.test(e.currentTarget.value) && put('month', e.currentTarget.value)
            }
          />
          <Select
            allowDeselect={false}
            aria-label={t('month.kind')}
            value={kind}
            onChange={(v) => put('kind', v === 'arrival' ? null : v)}
            data={sessionKinds.map((k) => ({ value: k, label: t('sessionKind.' + k) }))}
          />
          <Select
            allowDeselect={false}
            aria-label={t('people.kind')}
            value={who}
            onChange={(v) => put('who', v === 'staff' ? v : null)}
            data={(['student', 'staff'] as const).map((k) => ({ value: k, label: t('personKind.' + k) }))}
          />
          {can('people:read') && (
            <Select
              clearable
              searchable
              placeholder={t('people.anyClass')}
              aria-label={t('people.class')}
              value={cls || null}
              onChange={(v) => put('class', v)}
              data={classes}
            />
          )}
        </div>
        <PagedList list={list} empty={<Empty title={t('month.none')} hint={t('month.noneHint')} />}>
          {(rows) => <Grid rows={rows} days={days} off={off} today={today} />}
        </PagedList>
        <Group gap="md" p="sm" className="month-legend">
          {attendanceStates
            .filter((s) => marks[s])
            .map((s) => (
              <Text size="sm" key={s} span>
                <b data-state={s}>{marks[s]}</b> {t('attendanceState.' + s)}
              </Text>
            ))}
        </Group>
      </Panel>
    </Page>
  )
}

/** What the counts at the end of a row are of. */
const counted: AttendanceState[] = ['late', 'left_early', 'excused', 'offsite_approved', 'absent', 'unknown']

function Grid({
  rows,
  days,
  off,
  today,
}: {
  rows: PersonMonth[]
  days: string[]
  off: Set<string>
  today: string
}) {
  const { t, lang } = useT()
  const { can } = useSession()
  const weekday = new Intl.DateTimeFormat(lang, { weekday: 'narrow', timeZone: 'UTC' })
  return (
    <div className="month-scroll" tabIndex={0} role="region" aria-label={t('month.title')}>
      <table className="month">
        <thead>
          <tr>
            <th scope="col" className="month-name">
              {t('people.name')}
            </th>
            {days.map((d) => (
              <th
                scope="col"
                key={d}
                data-off={off.has(d) || undefined}
                data-today={d === today || undefined}>
                <Link to={`/attendance?date=${d}`}>{Number(d.slice(8))}</Link>
                <small>{weekday.format(new Date(d + 'T12:00:00Z'))}</small>
              </th>
            ))}
            <th scope="col">{t('month.there')}</th>
            {counted.map((s) => (
              <th scope="col" key={s} title={t('attendanceState.' + s)}>
                {marks[s]}
                <span className="hidden">{t('attendanceState.' + s)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => {
            const on = new Map(r.days.map((d) => [d.date, d.states]))
            const n = (s: AttendanceState) => r.counts[s] ?? 0
            const due = attendanceStates.reduce((sum, s) => sum + n(s), 0)
            return (
              <tr key={r.person}>
                <th scope="row" className="month-name">
                  {can('people:open') ? (
                    <Link to={`/people/${r.person}`}>{r.name || r.person}</Link>
                  ) : (
                    r.name || r.person
                  )}
                  <small>{r.class}</small>
                </th>
                {days.map((d) => (
                  <td
                    key={d}
                    data-off={off.has(d) || undefined}
                    title={on
                      .get(d)
                      ?.map((s) => t('attendanceState.' + s))
                      .join(', ')}>
                    {on.get(d)?.map((s, i) => (
                      <b key={i} data-state={s}>
                        {marks[s]}
                        <span className="hidden">{t('attendanceState.' + s)}</span>
                      </b>
                    ))}
                  </td>
                ))}
                <td>
                  {n('arrived') + n('late') + n('left_early')}/{due}
                </td>
                {counted.map((s) => (
                  <td key={s}>{n(s) || ''}</td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
