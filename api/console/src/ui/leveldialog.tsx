// What a school does at a threat level: its name, what everybody reads, and what devices are told.

import {
  ActionIcon,
  Button,
  Group,
  MultiSelect,
  Select,
  Stack,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import {
  doorRules,
  severities,
  type DoorRule,
  type LevelAction,
  type LevelDoors,
  type LevelMessage,
  type LevelTrigger,
  type ThreatLevel,
} from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam } from '../session'
import { FormDialog, useForm } from './form'
import { LevelMessages, tellsSomebody } from './levelmessages'
import { renewLockdowns } from './lockdown'
import { usePlaces, useProfiles } from './states'

// A command of a level. What the dialog does not show (device, type, values) is kept as it is.
type Row = LevelAction

const idOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)

export function LevelDialog({ level, onClose }: { level?: ThreatLevel; onClose: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const cache = useQueryClient()
  const form = useForm('LevelInput', () => ({
    title: level?.title ?? '',
    title_zh: level?.title_zh ?? '',
    text: level?.text ?? '',
    text_zh: level?.text_zh ?? '',
    severity: level?.severity ?? ('critical' as const),
    raise: (level?.raise ?? []) as Row[],
    clear: (level?.clear ?? []) as Row[],
    messages: (level?.messages ?? []) as LevelMessage[],
    doors: (level?.doors ?? {}) as LevelDoors,
    triggers: (level?.triggers ?? []) as LevelTrigger[],
  }))
  const own = level?.id ?? (idOf(form.v.title) || 'level-' + Date.now().toString(36))
  const save = async () => {
    await call(`/v1/threat-levels/${encodeURIComponent(own)}`, {
      method: 'PUT',
      body: { ...form.v, school, version: level?.version ?? 0 },
    })
    renewLockdowns(cache)
  }
  return (
    <FormDialog
      opened
      size="lg"
      onClose={onClose}
      title={
        level
          ? t('lockdown.editLevel', { level: f.local(level.title, level.title_zh) })
          : t('lockdown.addLevel')
      }
      form={form}
      ready={
        form.v.title.trim() !== '' &&
        [...form.v.raise, ...form.v.clear].every((a) => a.action) &&
        form.v.messages.every(tellsSomebody) &&
        form.v.triggers.every((x) => x.kind)
      }
      save={save}>
      <Group grow align="start">
        <TextInput label={t('lockdown.title')} required {...form.text('title')} />
        <TextInput label={t('lockdown.titleZH')} {...form.text('title_zh')} />
      </Group>
      <Textarea label={t('lockdown.text')} autosize {...form.text('text')} />
      <Textarea label={t('lockdown.textZH')} autosize {...form.text('text_zh')} />
      <Select
        label={t('alerts.severity')}
        allowDeselect={false}
        value={form.v.severity}
        data={severities.map((s) => ({ value: s, label: t('severity.' + s) }))}
        onChange={(s) => s && form.set({ severity: s as ThreatLevel['severity'] })}
      />
      <Actions
        label={t('lockdown.atRaise')}
        rows={form.v.raise}
        error={form.said('raise')}
        set={(raise) => form.set({ raise })}
      />
      <Actions
        label={t('lockdown.atClear')}
        rows={form.v.clear}
        error={form.said('clear')}
        set={(clear) => form.set({ clear })}
      />
      <LevelMessages
        rows={form.v.messages}
        error={form.said('messages')}
        said={form.said}
        set={(messages) => form.set({ messages })}
      />
      <Doors
        doors={form.v.doors}
        error={form.said('doors.responders')}
        set={(doors) => form.set({ doors })}
      />
      <Triggers
        rows={form.v.triggers}
        error={form.said('triggers')}
        set={(triggers) => form.set({ triggers })}
      />
    </FormDialog>
  )
}

/** The commands of a level: an action, and where. */
function Actions(p: { label: string; rows: Row[]; error?: string; set: (rows: Row[]) => void }) {
  const { t } = useT()
  const f = useFormat()
  const profiles = useProfiles().all
  const places = usePlaces()
  const names = new Map<string, string>()
  for (const x of profiles)
    for (const [name, a] of Object.entries(x.actions ?? {}))
      names.set(name, names.get(name) ?? (f.local(a.title, a.title_zh) || name))
  const actions = [...names]
    .map(([value, label]) => ({ value, label }))
    .sort((a, b) => a.label.localeCompare(b.label))
  const put = (i: number, change: Partial<Row>) =>
    p.set(p.rows.map((r, j) => (i === j ? { ...r, ...change } : r)))
  return (
    <Stack gap={6} role="group" aria-label={p.label}>
      <Text size="sm" fw={500}>
        {p.label}
      </Text>
      {p.rows.map((r, i) => (
        <Group key={i} gap={6} wrap="nowrap" align="start">
          <Select
            flex={1}
            searchable
            aria-label={t('commands.action')}
            placeholder={t('commands.action')}
            value={r.action || null}
            data={actions}
            onChange={(action) => put(i, { action: action ?? '', values: undefined })}
          />
          <Select
            flex={1}
            clearable
            searchable
            aria-label={t('fleet.zone')}
            placeholder={t('lockdown.everywhere')}
            value={r.zone || null}
            data={places.options}
            onChange={(zone) => put(i, { zone: zone ?? undefined })}
          />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t('common.remove')}
            onClick={() => p.set(p.rows.filter((_, j) => j !== i))}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      {p.error && (
        <Text size="sm" c="red">
          {p.error}
        </Text>
      )}
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => p.set([...p.rows, { action: '' }])}
        style={{ alignSelf: 'start' }}>
        {t('lockdown.addAction')}
      </Button>
    </Stack>
  )
}

/** Who passes the doors that ask the gateway. */
function Doors(p: { doors: LevelDoors; error?: string; set: (d: LevelDoors) => void }) {
  const { t } = useT()
  const school = useSchoolParam()
  const [text, setText] = useState('')
  const [q] = useDebouncedValue(text, 250)
  const find = (query: { q?: string; kind?: 'staff'; limit: number }) => ({
    queryKey: ['people', 'pick', school, query],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      call('/v1/people', { query: { ...query, school }, signal }),
    placeholderData: keepPreviousData,
  })
  const staff = useQuery(find({ kind: 'staff', limit: 200 })).data?.items ?? []
  const found = useQuery(find({ q, limit: 30 })).data?.items ?? []
  // Names of those who were chosen stay known while others are searched for.
  const people = [...new Map([...(q ? [] : staff), ...found].map((x) => [x.id, x.name])).entries()].map(
    ([value, label]) => ({ value, label }),
  )
  for (const id of p.doors.responders ?? [])
    if (!people.some((x) => x.value === id))
      people.push({ value: id, label: staff.find((x) => x.id === id)?.name ?? id })
  const rules = (way: 'doorsIn' | 'doorsOut') =>
    doorRules.map((r) => ({ value: r, label: t(`lockdown.${way}.${r}`) }))
  return (
    <Stack gap={6} role="group" aria-label={t('lockdown.doors')}>
      <Text size="sm" fw={500}>
        {t('lockdown.doors')}
      </Text>
      <Group grow align="start">
        <Select
          clearable
          label={t('lockdown.wayIn')}
          placeholder={t('lockdown.doorsAsAlways')}
          value={p.doors.in || null}
          data={rules('doorsIn')}
          onChange={(r) => p.set({ ...p.doors, in: (r as DoorRule) ?? undefined })}
        />
        <Select
          clearable
          label={t('lockdown.wayOut')}
          placeholder={t('lockdown.doorsAsAlways')}
          value={p.doors.out || null}
          data={rules('doorsOut')}
          onChange={(r) => p.set({ ...p.doors, out: (r as DoorRule) ?? undefined })}
        />
      </Group>
      <MultiSelect
        searchable
        label={t('lockdown.responders')}
        value={p.doors.responders ?? []}
        data={people}
        filter={({ options }) => options}
        searchValue={text}
        onSearchChange={setText}
        maxValues={100}
        onChange={(responders) => p.set({ ...p.doors, responders })}
      />
      {p.error && (
        <Text size="sm" c="red">
          {p.error}
        </Text>
      )}
      <Text size="sm" c="dimmed">
        {t('lockdown.doorsHint')}
      </Text>
    </Stack>
  )
}

/** What raises a level by itself: an event of a device, and where. What it must carry is kept as it is. */
function Triggers(p: { rows: LevelTrigger[]; error?: string; set: (rows: LevelTrigger[]) => void }) {
  const { t } = useT()
  const f = useFormat()
  const places = usePlaces()
  const names = new Map<string, string>()
  for (const x of useProfiles().all)
    for (const [kind, e] of Object.entries(x.events ?? {}))
      names.set(kind, t('occurrenceKind.' + kind, { defaultValue: f.local(e.title, e.title_zh) || kind }))
  const put = (i: number, change: Partial<LevelTrigger>) =>
    p.set(p.rows.map((r, j) => (i === j ? { ...r, ...change } : r)))
  return (
    <Stack gap={6} role="group" aria-label={t('lockdown.triggers')}>
      <Text size="sm" fw={500}>
        {t('lockdown.triggers')}
      </Text>
      {p.rows.map((r, i) => (
        <Group key={i} gap={6} wrap="nowrap" align="start">
          <Select
            flex={1}
            searchable
            aria-label={t('occurrence.what')}
            placeholder={t('occurrence.what')}
            value={r.kind || null}
            data={[...names].map(([value, label]) => ({ value, label }))}
            onChange={(kind) => put(i, { kind: kind ?? '', data: undefined })}
          />
          <Select
            flex={1}
            clearable
            searchable
            aria-label={t('fleet.zone')}
            placeholder={t('lockdown.everywhere')}
            value={r.zone || null}
            data={places.options}
            onChange={(zone) => put(i, { zone: zone ?? undefined })}
          />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t('common.remove')}
            onClick={() => p.set(p.rows.filter((_, j) => j !== i))}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      {p.error && (
        <Text size="sm" c="red">
          {p.error}
        </Text>
      )}
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => p.set([...p.rows, { kind: '' }])}
        style={{ alignSelf: 'start' }}>
        {t('lockdown.addTrigger')}
      </Button>
    </Stack>
  )
}
