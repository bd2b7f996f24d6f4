// The guard rooms' screens: pair one by the code that it shows, and take one's right away.

import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { IconDeviceTv } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { remove } from '../../api/change'
import { call } from '../../api/client'
import type { APIKey, Sent } from '../../api/types'
import { useT } from '../../i18n'
import { useSchoolParam } from '../../session'
import { Ask } from '../../ui/ask'
import { FormDialog, useForm } from '../../ui/form'
import { Empty, Loaded, Panel, Rows, said, Tag } from '../../ui/kit'
import { When } from '../../ui/when'

export function ScreensTab() {
  const { t } = useT()
  const school = useSchoolParam()
  const cache = useQueryClient()
  const [pairing, setPairing] = useState(false)
  const [ending, setEnding] = useState<APIKey>()
  const q = useQuery({
    queryKey: ['screens', school],
    queryFn: ({ signal }) => call('/v1/screens', { query: { school, limit: 1000 }, signal }),
    refetchInterval: 30_000,
  })
  const renew = () => void cache.invalidateQueries({ queryKey: ['screens'] })
  return (
    <Panel
      title={t('settings.screens')}
      flush
      actions={
        <Button
          size="xs"
          data-testid="pair-screen"
          leftSection={<IconDeviceTv size={16} aria-hidden />}
          onClick={() => setPairing(true)}>
          {t('screens.pair')}
        </Button>
      }>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <Rows
              label={t('settings.screens')}
              rows={d.items}
              id={(k) => k.id}
              columns={[
                { key: 'name', label: t('screens.name'), main: true, cell: (k) => k.name },
                { key: 'state', label: t('fleet.state'), cell: (k) => <ScreenState k={k} /> },
                { key: 'seen', label: t('screens.seen'), cell: (k) => <When at={k.last_used} /> },
                { key: 'made', label: t('screens.made'), cell: (k) => <When at={k.created} /> },
                { key: 'by', label: t('screens.by'), cell: (k) => k.maker_name || '–' },
                { key: 'until', label: t('screens.until'), cell: (k) => <When at={k.expires} /> },
                {
                  key: 'deed',
                  label: '',
                  right: true,
                  cell: (k) =>
                    !k.revoked && (
                      <Button size="compact-sm" color="red" variant="light" onClick={() => setEnding(k)}>
                        {t('screens.end')}
                      </Button>
                    ),
                },
              ]}
            />
          ) : (
            <Empty title={t('screens.none')} hint={t('screens.noneHint')} />
          )
        }
      </Loaded>
      {pairing && <PairDialog onClose={() => (setPairing(false), renew())} />}
      <Ask
        opened={!!ending}
        danger
        title={t('screens.endTitle')}
        text={t('screens.endText', { name: ending?.name ?? '' })}
        deed={t('screens.end')}
        onDo={async () => {
          await remove(`/v1/keys/${encodeURIComponent(ending!.id)}`, ending!)
          renew()
        }}
        onClose={() => setEnding(undefined)}
      />
    </Panel>
  )
}

function ScreenState({ k }: { k: APIKey }) {
  const { t } = useT()
  if (k.revoked) return <Tag>{t('screens.ended')}</Tag>
  if (Date.parse(k.expires) < Date.now()) return <Tag tone="orange">{t('screens.over')}</Tag>
  if (k.maker_state && !['active', 'unknown'].includes(k.maker_state))
    return <Tag tone="orange">{t('screens.noMaker')}</Tag>
  return (
    <Tag tone="green" dot>
      {t('screens.works')}
    </Tag>
  )
}

function PairDialog({ onClose }: { onClose: () => void }) {
  const { t } = useT()
  const school = useSchoolParam()
  const form = useForm('ScreenInput', { code: '', name: '' })
  const save = async () => {
    const body = { ...form.v, code: form.v.code.trim(), school } satisfies Sent<'ScreenInput'>
    await call('/v1/screens', { method: 'POST', body })
    said(t('screens.paired'))
  }
  return (
    <FormDialog
      form={form}
      save={save}
      deed={t('screens.pair')}
      ready={form.v.code.trim().length >= 8 && !!form.v.name.trim()}
      onClose={onClose}
      title={t('screens.pair')}>
      <Stack gap="xs">
        <Text size="sm">{t('screens.pairText')}</Text>
        <Group grow>
          <TextInput
            label={t('screens.code')}
            placeholder="7KQX-M2RD"
            autoComplete="off"
            data-autofocus
            required
            {...form.text('code')}
          />
          <TextInput label={t('screens.name')} required {...form.text('name')} />
        </Group>
      </Stack>
    </FormDialog>
  )
}
