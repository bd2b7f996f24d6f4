// Fields that a device sends and its profile does not have, with the action that adds them.

import { Button, Checkbox, Radio, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import type { Device, UnknownFields, Sent } from '../api/types'
import limits from '../api/limits.json'
import { useT } from '../i18n'
import { useFormat, useNow, useSession } from '../session'
import { Ask } from './ask'
import { Panel, Rows, said } from './kit'
import { useProfiles } from './states'

export function UnknownFieldsPanel({ d }: { d: Device }) {
  const { t } = useT()
  const f = useFormat()
  const now = useNow(1000)
  const { can } = useSession()
  const [adding, setAdding] = useState(false)
  const path = `/v1/devices/${encodeURIComponent(d.id)}/fields` as const
  const q = useQuery({
    queryKey: ['device', d.id, 'fields'],
    queryFn: ({ signal }) => call(path, { signal }),
    refetchInterval: 10_000,
  })
  const rows = q.data?.items ?? []
  if (!q.data || rows.length === 0) return null
  const addable = rows.some((x) => x.kind)
  return (
    <Panel
      title={t('fields.title', { count: rows.length })}
      flush
      actions={
        can('devices:write') &&
        addable && (
          <Button size="compact-sm" onClick={() => setAdding(true)} data-testid="add-fields">
            {t('fields.add')}
          </Button>
        )
      }>
      <Text size="sm" c="dimmed" px="md" pb="xs">
        {t('fields.text')}
      </Text>
      <Rows
        label={t('fields.label')}
        rows={rows}
        id={(x) => x.name}
        columns={[
          { key: 'name', label: t('device.property'), main: true, cell: (x) => <code>{x.name}</code> },
          {
            key: 'kind',
            label: t('add.valueType'),
            cell: (x) => (x.kind ? t('valueType.' + x.kind) : t('fields.nested')),
          },
          { key: 'example', label: t('fields.example'), cell: (x) => x.example || '–' },
          { key: 'count', label: t('fields.count'), right: true, cell: (x) => x.count },
          { key: 'last', label: t('fields.last'), cell: (x) => f.ago(x.last, now) },
        ]}
      />
      {adding && <AddFields d={d} fields={q.data} onClose={() => setAdding(false)} />}
    </Panel>
  )
}

function AddFields({ d, fields, onClose }: { d: Device; fields: UnknownFields; onClose: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const profiles = useProfiles()
  const usable = (fields.items ?? []).filter((x) => x.kind)
  const [names, setNames] = useState(usable.map((x) => x.name))
  const alone = fields.devices === 1
  const [how, setHow] = useState(fields.may_add ? 'shared' : 'own')
  const [own, setOwn] = useState(`${d.profile}-${d.id}`.slice(0, 64))
  const profile = profiles.get(d.profile)
  const title = f.local(profile?.title, profile?.title_zh) || d.profile
  return (
    <Ask
      opened
      onClose={onClose}
      title={t('fields.addTitle')}
      deed={t('fields.add')}
      onDo={async () => {
        if (names.length === 0) throw new Error(t('fields.chooseOne'))
        await call(`/v1/devices/${encodeURIComponent(d.id)}/fields`, {
          method: 'POST',
          body: { names, ...(how === 'own' ? { own: own.trim() } : {}) } satisfies Sent<'AddFieldsInput'>,
        })
        await Promise.all(
          ['profiles', 'device', 'devices'].map((k) => cache.invalidateQueries({ queryKey: [k] })),
        )
        said(t('fields.added', { count: names.length }))
      }}>
      <Checkbox.Group label={t('fields.which')} value={names} onChange={setNames}>
        <Stack gap={6} mt={6}>
          {usable.map((x) => (
            <Checkbox
              key={x.name}
              value={x.name}
              label={`${x.name} · ${t('valueType.' + x.kind)}${x.example ? ` · ${x.example}` : ''}`}
            />
          ))}
        </Stack>
      </Checkbox.Group>
      <Radio.Group label={t('fields.where')} value={how} onChange={setHow}>
        <Stack gap={6} mt={6}>
          <Radio
            value="shared"
            disabled={!fields.may_add}
            label={t('fields.shared', { title })}
            description={
              !fields.may_add
                ? t('fields.notMay')
                : alone
                  ? t('fields.alone')
                  : t('fields.touches', { count: fields.devices })
            }
          />
          <Radio value="own" label={t('fields.own')} description={t('fields.ownHelp')} />
        </Stack>
      </Radio.Group>
      {how === 'own' && (
        <TextInput
          label={t('fields.ownId')}
          required
          value={own}
          maxLength={limits.AddFieldsInput.own}
          pattern="[A-Za-z0-9_.\-]{1,64}"
          title={t('add.nameRule')}
          onChange={(e) => setOwn(e.currentTarget.value)}
        />
      )}
    </Ask>
  )
}
