// Applies changed configuration files to the running gateway, after a preview.

import { Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { call } from '../api/client'
import type { Reload, ReloadChange } from '../api/types'
import { useT } from '../i18n'
import { useSession } from '../session'
import { Panel, Rows, said, Tag, Trouble, useDeed } from './kit'

/** Checks the gateway's files and applies them; for administrators of all its schools. */
export function ReloadPanel() {
  const { t } = useT()
  const { can, me } = useSession()
  const [found, setFound] = useState<Reload>()
  const deed = useDeed()
  const read = (dry: boolean) =>
    deed.run(async () => {
      setFound(undefined) // after an error the preview is no longer valid
      const r = await call('/v1/reload', { query: { dry_run: dry }, method: 'POST' })
      setFound(r)
      if (r.applied) said(t('reload.applied'))
    })
  if (!can('settings:write') || me.school.parent) return null
  const atOnce = found && !found.applied && found.changes.some((c) => !c.restart)
  return (
    <Panel
      title={t('reload.title')}
      actions={
        <Button size="xs" variant="default" loading={deed.busy} onClick={() => void read(true)}>
          {t('reload.check')}
        </Button>
      }>
      <Stack gap="sm">
        <Text size="sm">{t('reload.text')}</Text>
        {deed.error !== undefined && <Trouble error={deed.error} />}
        {found && found.changes.length === 0 && <Text size="sm">{t('reload.none')}</Text>}
        {found && found.changes.length > 0 && <Changes all={found.changes} applied={found.applied} />}
        {found?.drivers?.map((d) => (
          <Text key={d.name} size="sm" c="red" role="alert">
            {t('reload.down', { driver: d.name, why: d.reason })}
          </Text>
        ))}
        {atOnce && (
          <Group justify="flex-end">
            <Button loading={deed.busy} onClick={() => void read(false)}>
              {t('reload.apply')}
            </Button>
          </Group>
        )}
      </Stack>
    </Panel>
  )
}

function Changes({ all, applied }: { all: ReloadChange[]; applied: boolean }) {
  const { t } = useT()
  const when = (c: ReloadChange) => {
    if (c.restart) return <Tag tone="orange">{t('reload.restart')}</Tag>
    return applied ? <Tag tone="green">{t('reload.holds')}</Tag> : <Tag>{t('reload.atOnce')}</Tag>
  }
  return (
    <Rows
      label={t('reload.title')}
      rows={all}
      id={(c) => c.key}
      columns={[
        { key: 'key', label: t('reload.key'), main: true, long: true, cell: (c) => c.key },
        { key: 'from', label: t('reload.from'), long: true, cell: (c) => c.from || '–' },
        { key: 'to', label: t('reload.to'), long: true, cell: (c) => c.to || '–' },
        { key: 'when', label: t('reload.when'), cell: when },
      ]}
    />
  )
}
