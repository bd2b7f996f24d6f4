// Attendance of a day by session, with the reason for each result, and a way to correct it.

import { Button, Group, Select, Tabs, Text, Textarea, TextInput } from '@mantine/core'
import { IconCalendarMonth, IconChecks, IconPencil, IconUserCheck } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import {
  attendanceStates,
  directions,
  type Attendance,
  type AttendanceState,
  type Session,
  type Sent,
  type Direction,
} from '../api/types'
import { useT } from '../i18n'
import { dayIn } from '../lib/format'
import { useFormat, useSchoolParam, useSession } from '../session'
import { Ask } from '../ui/ask'
import { Empty, Loaded, Page, Panel, Rows, said, Tag } from '../ui/kit'
import { useAddress, useOpen } from '../ui/address'
import { PagedList, usePaged } from '../ui/paged'
import { PersonPicker } from '../ui/personpicker'
import { AttendanceTag, usePlaces } from '../ui/states'
import { useClasses } from './people'
import { When } from '../ui/when'
import { useSubject } from '../ui/dialog'
import { SearchField } from '../ui/searchfield'
import { FormDialog, useForm } from '../ui/form'
import { codeWord } from '../ui/words'

export function AttendancePage() {
  const { t } = useT()
  const f = useFormat()
  const { can, school } = useSession()
  const schoolID = useSchoolParam()
  const { get, put, change } = useAddress()
  const [manual, askManual, closeManual] = useOpen('manual')
  const today = dayIn(school.timezone, Date.now())
  const date = get('date') || today
  const sessions = useQuery({
    queryKey: ['sessions', schoolID, date],
    queryFn: () => call('/v1/sessions', { query: { date, school: schoolID } }),
    select: (d) => [...d.items].sort((a, b) => a.start.localeCompare(b.start)),
    refetchInterval: 60_000,
  })
  // The current session is shown until one is chosen; a dialog has its session in the address, so
  // that it stays when the next session begins.
  const chosen = sessions.data?.find((s) => s.id === get('session')) ?? current(sessions.data ?? [])
  return (
    <Page
      title={t('nav.attendance')}
      sub={t('attendance.sub', { zone: school.timezone })}
      actions={
        <>
          <TextInput
            type="date"
            aria-label={t('attendance.date')}
            value={date}
            max={today}
            onChange={(e) => put('date', e.currentTarget.value === today ? null : e.currentTarget.value)}
          />
          <Button
            variant="default"
            component={Link}
            to="/attendance/month"
            leftSection={<IconCalendarMonth size={16} aria-hidden />}>
            {t('month.open')}
          </Button>
          {can('sightings:write') && (
            <Button
              variant="default"
              leftSection={<IconUserCheck size={16} />}
              onClick={() => askManual('yes')}>
              {t('attendance.manual')}
            </Button>
          )}
        </>
      }>
      <Loaded q={sessions}>
        {(all) =>
          !chosen ? (
            <Panel>
              <Empty title={t('attendance.noSession')} hint={t('attendance.noSessionHint')}>
                {can('attendance:write') && (
                  <Button mt="sm" component={Link} to="/settings/sessions">
                    {t('attendance.toSessions')}
                  </Button>
                )}
              </Empty>
            </Panel>
          ) : (
            <Tabs value={chosen.id} onChange={(v) => put('session', v)} keepMounted={false}>
              <Tabs.List mb="sm">
                {all.map((s) => (
                  <Tabs.Tab key={s.id} value={s.id} data-session={s.id}>
                    {f.local(s.name, s.name_zh)}{' '}
                    <Text span size="xs" c="dimmed">
                      {f.clock(s.start, false)}–{f.clock(s.end, false)}
                    </Text>{' '}
                    {s.demo && <Tag tone="blue">{t('attendance.demo')}</Tag>}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value={chosen.id}>
                <SessionView
                  key={chosen.id}
                  s={chosen}
                  fix={(person) => change({ correct: person, session: chosen.id })}
                />
              </Tabs.Panel>
            </Tabs>
          )
        }
      </Loaded>
      {manual && can('sightings:write') && <ManualPass onClose={closeManual} />}
    </Page>
  )
}

/** The session in progress, else the last one that began, else the first. */
function current(all: Session[]): Session | undefined {
  const now = Date.now()
  const begun = all.filter((s) => Date.parse(s.start) <= now)
  return begun.find((s) => Date.parse(s.end) >= now) ?? begun.at(-1) ?? all[0]
}

function SessionView({ s, fix }: { s: Session; fix: (person: string) => void }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const classes = useClasses()
  const places = usePlaces()
  const { get, put } = useAddress()
  const state = get('state')
  const cls = get('class')
  const q = get('q')
  const summary = useQuery({
    queryKey: ['attendance', 'summary', s.id],
    queryFn: () => call('/v1/attendance/summary', { query: { session: s.id } }),
    refetchInterval: 15_000,
  })
  const [fixing, , closeFix] = useOpen('correct')
  const list = usePaged(
    'attendance',
    '/v1/attendance',
    { session: s.id, state, class: cls, q },
    { every: 15_000 },
  )
  const { subject: fixed } = useSubject(
    fixing,
    list.q.data?.items?.find((a) => a.person === fixing),
  )
  const who = (a: Attendance) => {
    const name = a.name || a.person
    return can('people:open') ? <Link to={`/people/${a.person}`}>{name}</Link> : name
  }
  return (
    <>
      {can('attendance:write') && (
        <Button
          mb="xs"
          component={Link}
          to={`/attendance/roll/${s.id}${cls && '?class=' + encodeURIComponent(cls)}`}
          leftSection={<IconChecks size={16} aria-hidden />}>
          {t('roll.call')}
        </Button>
      )}
      <Text size="sm" c="dimmed" mb="xs">
        {t('attendance.times', {
          start: f.clock(s.start, false),
          due: f.clock(s.due, false),
          end: f.clock(s.end, false),
        })}
      </Text>
      <div className="chips" role="group" aria-label={t('attendance.summary')}>
        {attendanceStates
          .filter((x) => summary.data?.[x] || state === x)
          .map((x) => (
            <button
              type="button"
              key={x}
              className="chip"
              aria-pressed={state === x}
              onClick={() => put('state', state === x ? null : x)}
              data-state={x}>
              <b>{f.number(summary.data?.[x] ?? 0)}</b> <AttendanceTag s={x} />
            </button>
          ))}
      </div>
      <Panel flush label={f.local(s.name, s.name_zh)}>
        <div className="filters">
          {can('people:read') && <SearchField label={t('attendance.search')} />}
          <Select
            clearable
            searchable
            placeholder={t('people.anyClass')}
            aria-label={t('people.class')}
            value={cls || null}
            onChange={(v) => put('class', v)}
            data={classes}
          />
          <Select
            clearable
            placeholder={t('attendance.anyState')}
            aria-label={t('attendance.state')}
            value={state || null}
            onChange={(v) => put('state', v)}
            data={attendanceStates.map((x) => ({ value: x, label: t('attendanceState.' + x) }))}
          />
        </div>
        <PagedList
          list={list}
          empty={
            <Empty
              title={t('attendance.none')}
              hint={state || cls || q ? t('attendance.noneFilter') : t('attendance.noneHint')}
            />
          }>
          {(rows) => (
            <Rows
              label={f.local(s.name, s.name_zh)}
              rows={rows}
              id={(a) => a.person}
              columns={[
                { key: 'name', label: t('people.name'), main: true, cell: who },
                { key: 'class', label: t('people.class'), cell: (a) => a.class || '–' },
                {
                  key: 'state',
                  label: t('attendance.state'),
                  cell: (a) => (
                    <Group gap={4}>
                      <AttendanceTag s={a.state} />
                      {!a.final && <Tag>{t('attendance.provisional')}</Tag>}
                    </Group>
                  ),
                },
                {
                  key: 'at',
                  label: t('attendance.at'),
                  cell: (a) => (a.at ? <When at={a.at} clock /> : '–'),
                },
                {
                  key: 'where',
                  label: t('inside.last'),
                  cell: (a) => (a.zone ? places.zoneName(a.zone) : '–'),
                },
                { key: 'why', label: t('common.reason'), cell: (a) => <Why a={a} /> },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (a) =>
                    can('attendance:write') ? (
                      <Button
                        size="compact-xs"
                        variant="default"
                        leftSection={<IconPencil size={13} />}
                        onClick={() => fix(a.person)}>
                        {t('attendance.correct')}
                      </Button>
                    ) : null,
                },
              ]}
            />
          )}
        </PagedList>
      </Panel>
      {fixed && can('attendance:write') && <Correct key={fixed.person} a={fixed} onClose={closeFix} />}
    </>
  )
}

function Why({ a }: { a: Attendance }) {
  const { t } = useT()
  return (
    <>
      {(a.reasons ?? []).map((r) => codeWord(t, 'attendanceReason', r)).join('; ')}{' '}
      {(a.exceptions ?? []).map((x) => (
        <Tag key={x} tone="orange">
          {codeWord(t, 'attendanceException', x)}
        </Tag>
      ))}
    </>
  )
}

function Correct({ a, onClose }: { a: Attendance; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const [state, setState] = useState(a.state)
  return (
    <Ask
      opened
      onClose={onClose}
      subject={{ state: t('attendanceState.' + a.state), by: a.reasons?.join(', ') }}
      title={t('attendance.correctTitle', { name: a.name || a.person })}
      text={t('attendance.correctText')}
      deed={t('attendance.correct')}
      comment={{ label: t('attendance.correctReason'), required: true }}
      onDo={async (reason) => {
        await call('/v1/attendance/corrections', {
          method: 'POST',
          body: { session: a.session, person: a.person, state, reason } satisfies Sent<'CorrectionInput'>,
        })
        said(t('attendance.corrected'))
        await cache.invalidateQueries({ queryKey: ['attendance'] })
      }}>
      <Select
        label={t('attendance.state')}
        allowDeselect={false}
        value={state}
        onChange={(v) => v && setState(v as AttendanceState)}
        data={attendanceStates.map((x) => ({ value: x, label: t('attendanceState.' + x) }))}
      />
    </Ask>
  )
}

function ManualPass({ onClose }: { onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const places = usePlaces()
  const form = useForm('ManualInput', {
    person: '',
    plate: '',
    zone: '',
    direction: 'in' as Direction,
    note: '',
  })
  const { v, set, text } = form
  const save = async () => {
    await call('/v1/sightings/manual', {
      method: 'POST',
      body: { ...v, plate: v.person ? '' : v.plate.trim() } satisfies Sent<'ManualInput'>,
    })
    said(t('manual.done'))
    void cache.invalidateQueries({ queryKey: ['attendance'] })
    void cache.invalidateQueries({ queryKey: ['sightings'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      ready={(!!v.person || !!v.plate.trim()) && !!v.zone && !!v.note.trim()}
      deed={t('manual.deed')}
      onClose={onClose}
      title={t('attendance.manual')}>
      <Text size="sm">{t('manual.text')}</Text>
      <PersonPicker value={v.person} onChange={(person) => set({ person })} label={t('manual.person')} />
      {!v.person && (
        <TextInput label={t('manual.plate')} description={t('manual.plateHelp')} {...text('plate')} />
      )}
      <Select
        label={t('fleet.zone')}
        required
        searchable
        value={v.zone || null}
        onChange={(z) => set({ zone: z ?? '' })}
        data={places.options}
      />
      <Select
        label={t('manual.direction')}
        allowDeselect={false}
        value={v.direction}
        onChange={(d) => d && set({ direction: d as Direction })}
        data={directions.map((d) => ({ value: d, label: t('direction.' + d) }))}
      />
      <Textarea
        label={t('manual.note')}
        required
        autosize
        minRows={2}
        placeholder={t('manual.notePlaceholder')}
        {...text('note')}
      />
    </FormDialog>
  )
}
