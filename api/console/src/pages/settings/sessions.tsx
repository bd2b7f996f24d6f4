// The sessions of a day.

import { Button, Group, MultiSelect, Select, SimpleGrid, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../../api/client'
import { change, remove } from '../../api/change'
import {
  personKinds,
  sessionKinds,
  zoneKinds,
  type PersonKind,
  type Session,
  type ZoneKind,
  type Sent,
} from '../../api/types'
import { useT } from '../../i18n'
import { dayIn, instantIn, wallIn } from '../../lib/format'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { Empty, Loaded, Panel, Rows, Tag } from '../../ui/kit'
import { When } from '../../ui/when'
import { useAddress, useOpen } from '../../ui/address'
import { useSubject } from '../../ui/dialog'
import { FormDialog, useForm } from '../../ui/form'
import { useClasses } from '../people'

export function SessionsTab() {
  const { t } = useT()
  const f = useFormat()
  const { can, school } = useSession()
  const schoolID = useSchoolParam()
  const cache = useQueryClient()
  const { get, put } = useAddress()
  const today = dayIn(school.timezone, Date.now())
  const date = get('date') || today
  const [id, edit, close] = useOpen('edit')
  const [goneID, askGone, noGone] = useOpen('delete')
  const q = useQuery({
    queryKey: ['sessions', schoolID, date],
    queryFn: () => call('/v1/sessions', { query: { date, school: schoolID } }),
  })
  const { subject, gone: editedAway } = useSubject(
    id,
    q.data?.items?.find((s) => s.id === id),
  )
  const { subject: gone } = useSubject(
    goneID,
    q.data?.items?.find((s) => s.id === goneID),
  )
  const may = can('attendance:write')
  return (
    <Panel
      flush
      title={t('settings.sessions')}
      actions={
        <>
          <TextInput
            size="xs"
            type="date"
            aria-label={t('attendance.date')}
            value={date}
            onChange={(e) =>
              e.currentTarget.value &&
              put('date', e.currentTarget.value === today ? null : e.currentTarget.value)
            }
          />
          {may && (
            <Button size="xs" onClick={() => edit('new')}>
              {t('session.add')}
            </Button>
          )}
        </>
      }>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <Rows
              label={t('settings.sessions')}
              rows={d.items}
              id={(s) => s.id}
              columns={[
                {
                  key: 'name',
                  label: t('session.name'),
                  main: true,
                  cell: (s) => (
                    <>
                      {f.local(s.name, s.name_zh)} {s.demo && <Tag tone="blue">{t('attendance.demo')}</Tag>}
                    </>
                  ),
                },
                { key: 'kind', label: t('session.kind'), cell: (s) => t('sessionKind.' + s.kind) },
                { key: 'start', label: t('session.start'), cell: (s) => <When at={s.start} /> },
                {
                  key: 'due',
                  label: t('session.due'),
                  cell: (s) => <When at={s.due} clock seconds={false} />,
                },
                { key: 'end', label: t('session.end'), cell: (s) => <When at={s.end} /> },
                {
                  key: 'who',
                  label: t('session.who'),
                  cell: (s) =>
                    [
                      ...(s.who ?? []).map((k) => t('personKind.' + k)),
                      ...(s.boarders ? [t('session.boarders')] : []),
                      ...(s.classes ?? []),
                      ...(s.persons?.length ? [t('session.persons', { count: s.persons.length })] : []),
                    ].join(', '),
                },
                {
                  key: 'where',
                  label: t('session.where'),
                  cell: (s) =>
                    (s.zone_kinds ?? []).map((k) => t('zoneKind.' + k)).join(', ') ||
                    t('session.zones', { count: s.zones?.length ?? 0 }),
                },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (s) =>
                    may ? (
                      <Group gap={4} justify="flex-end">
                        <Button size="compact-xs" variant="default" onClick={() => edit(s.id)}>
                          {t('common.edit')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => askGone(s.id)}>
                          {t('common.delete')}
                        </Button>
                      </Group>
                    ) : null,
                },
              ]}
            />
          ) : (
            <Empty title={t('session.none')} hint={t('session.noneHint')} />
          )
        }
      </Loaded>
      {id === 'new' && may && <Edit date={date} onClose={close} />}
      {subject && may && <Edit key={id} s={subject} gone={editedAway} date={date} onClose={close} />}
      <Ask
        opened={!!gone && may}
        onClose={noGone}
        danger
        title={t('session.delete')}
        text={t('session.deleteText', { name: gone?.name ?? '' })}
        deed={t('common.delete')}
        onDo={async () => {
          await remove(`/v1/sessions/${encodeURIComponent(gone!.id)}`, gone!)
          await cache.invalidateQueries({ queryKey: ['sessions'] })
        }}
      />
    </Panel>
  )
}

const usual: Record<
  Session['kind'],
  { start: string; due: string; end: string; zones: ZoneKind[]; who?: PersonKind }
> = {
  arrival: { start: '06:30', due: '08:00', end: '12:00', zones: ['gate'] },
  meal: { start: '11:00', due: '12:30', end: '13:30', zones: ['canteen'] },
  dorm: { start: '17:00', due: '22:00', end: '23:30', zones: ['dorm'] },
  lesson: { start: '07:50', due: '08:00', end: '08:40', zones: ['classroom'] },
  after_school: { start: '15:30', due: '15:40', end: '17:30', zones: ['classroom'] },
  bus: { start: '06:30', due: '07:40', end: '08:00', zones: ['gate'] },
  duty: { start: '06:50', due: '07:00', end: '18:00', zones: ['gate'], who: 'staff' },
  staff: { start: '06:30', due: '07:50', end: '17:30', zones: ['gate'], who: 'staff' },
  meeting: { start: '15:45', due: '16:00', end: '17:00', zones: ['office'], who: 'staff' },
  exam: { start: '08:30', due: '09:00', end: '11:00', zones: ['classroom'] },
}

function Edit({
  s,
  gone,
  date,
  onClose,
}: {
  s?: Session
  gone?: boolean
  date: string
  onClose: () => void
}) {
  const { t } = useT()
  const cache = useQueryClient()
  const schoolID = useSchoolParam()
  const { school } = useSession()
  const classes = useClasses()
  const z = school.timezone
  const form = useForm(
    'SessionInput',
    () =>
      s
        ? {
            kind: s.kind,
            name: s.name,
            name_zh: s.name_zh ?? '',
            start: wallIn(z, s.start),
            due: wallIn(z, s.due),
            end: wallIn(z, s.end),
            who: s.who ?? [],
            classes: s.classes ?? [],
            zone_kinds: s.zone_kinds ?? [],
            boarders: s.boarders ?? false,
          }
        : {
            kind: 'arrival' as Session['kind'],
            name: '',
            name_zh: '',
            ...at(date, 'arrival'),
            classes: [] as string[],
            boarders: false,
          },
    { ...s },
  )
  const { v, set, text } = form
  const save = async () => {
    const first = form.base as unknown as Session // the form's initial state, whatever a colleague changed since
    const body = {
      school: schoolID,
      ...v,
      name_zh: v.name_zh || undefined,
      start: instantIn(z, v.start),
      due: instantIn(z, v.due),
      end: instantIn(z, v.end),
    }
    if (s) {
      const time = (k: 'start' | 'due' | 'end') =>
        v[k] === wallIn(z, first[k]) ? first[k] : instantIn(z, v[k])
      await change(`/v1/sessions/${encodeURIComponent(s.id)}`, form.base, {
        ...v,
        start: time('start'),
        due: time('due'),
        end: time('end'),
      })
    } else await call('/v1/sessions', { method: 'POST', body: body satisfies Sent<'SessionInput'> })
    await cache.invalidateQueries({ queryKey: ['sessions'] })
  }
  const theirs = (k: string, now: unknown) =>
    set({
      [k]: ['start', 'due', 'end'].includes(k)
        ? wallIn(z, String(now))
        : (now ?? (k === 'name_zh' ? '' : k === 'boarders' ? false : [])),
    })
  const time = (k: 'start' | 'due' | 'end') => ({
    type: 'datetime-local',
    required: true,
    ...text(k),
  })
  return (
    <FormDialog
      form={form}
      save={save}
      theirs={theirs}
      ready={v.who.length > 0}
      onClose={onClose}
      title={s ? t('session.edit') : t('session.add')}
      size="lg"
      gone={gone}
      subject={s && { ...s }}>
      <Select
        label={t('session.kind')}
        allowDeselect={false}
        value={v.kind}
        data={sessionKinds.map((k) => ({
          value: k,
          label: t('sessionKind.' + k),
        }))}
        onChange={(k) =>
          k &&
          set({
            kind: k as Session['kind'],
            ...(s ? {} : at(date, k as Session['kind'])),
            boarders: k === 'dorm',
          })
        }
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label={t('session.name')} required {...text('name')} />
        <TextInput label={t('session.nameZH')} {...text('name_zh')} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <TextInput label={t('session.start')} {...time('start')} />
        <TextInput label={t('session.due')} {...time('due')} />
        <TextInput label={t('session.end')} {...time('end')} />
      </SimpleGrid>
      <MultiSelect
        label={t('session.who')}
        required
        value={v.who}
        onChange={(w) => set({ who: w as PersonKind[] })}
        data={personKinds.map((k) => ({ value: k, label: t('personKind.' + k) }))}
      />
      <MultiSelect
        label={t('session.classes')}
        placeholder={v.classes.length ? '' : t(s?.persons?.length ? 'session.named' : 'session.everybody')}
        searchable
        value={v.classes}
        data={[...new Set([...classes, ...v.classes])]}
        onChange={(c) => set({ classes: c })}
      />
      {!s?.zones?.length && (
        <MultiSelect
          label={t('session.where')}
          required
          value={v.zone_kinds}
          onChange={(w) => set({ zone_kinds: w as ZoneKind[] })}
          data={zoneKinds.map((k) => ({ value: k, label: t('zoneKind.' + k) }))}
        />
      )}
      <Switch
        label={t('session.boarders')}
        checked={v.boarders}
        onChange={(e) => set({ boarders: e.currentTarget.checked })}
      />
    </FormDialog>
  )
}

function at(date: string, k: Session['kind']) {
  const u = usual[k]
  return {
    start: `${date}T${u.start}`,
    due: `${date}T${u.due}`,
    end: `${date}T${u.end}`,
    zone_kinds: u.zones,
    who: [u.who ?? 'student'],
  }
}
