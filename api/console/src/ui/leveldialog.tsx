// What a school does at a threat level: its name, what everybody reads, and what devices are told.

import { ActionIcon, Button, Group, Select, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { call } from '../api/client'
import { severities, type LevelAction, type LevelTrigger, type ThreatLevel } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam } from '../session'
import { FormDialog, useForm } from './form'
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
