// Who did what; each entry's hash covers the one before, so that a change can be found.

import { Alert, Button, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { call } from '../../api/client'
import type { AuditEntry } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSchoolParam } from '../../session'
import { Empty, Panel, Rows, Trouble, useDeed } from '../../ui/kit'
import { Changes } from '../../ui/changes'
import { PagedList, usePaged } from '../../ui/paged'

export function AuditTab() {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const [v, set] = useState({ actor: '', deed: '', object: '' })
  const [filter] = useDebouncedValue(v, 300)
  const list = usePaged<AuditEntry>('audit', '/v1/audit', { ...filter, school }, { limit: 50 })
  const check = useDeed()
  const [found, setFound] = useState<{ ok: boolean; entries: number; message: string }>()
  const verify = () => check.run(async () => setFound(await call('/v1/audit/verify')))
  const field = (k: 'actor' | 'deed' | 'object') => ({ placeholder: t('audit.' + k), 'aria-label': t('audit.' + k), value: v[k], onChange: (e: React.ChangeEvent<HTMLInputElement>) => set({ ...v, [k]: e.currentTarget.value }) })
  return (
    <Panel flush title={t('settings.audit')} actions={<Button size="xs" variant="default" loading={check.busy} onClick={() => void verify()}>{t('audit.verify')}</Button>}>
      {check.error !== undefined && <Trouble error={check.error} />}
      {found && <Alert m="sm" variant="light" color={found.ok ? 'green' : 'red'} role="status"><Text size="sm">{found.ok ? t('audit.whole', { n: f.number(found.entries) }) : t('audit.broken', { message: found.message })}</Text></Alert>}
      <div className="filters"><TextInput {...field('actor')} /><TextInput {...field('deed')} /><TextInput {...field('object')} /></div>
      <PagedList list={list} empty={<Empty title={t('audit.none')} />}>
        {(rows) => (
          <Rows label={t('settings.audit')} rows={rows} id={(e) => e.seq} columns={[
            { key: 'time', label: t('common.time'), cell: (e) => f.moment(e.time, true) },
            { key: 'deed', label: t('audit.deed'), main: true, cell: (e) => e.deed },
            { key: 'actor', label: t('audit.actor'), cell: (e) => e.actor },
            { key: 'object', label: t('audit.object'), cell: (e) => e.object },
            { key: 'changes', label: t('audit.changes'), cell: (e) => <Changes all={e.changes} /> },
            { key: 'reason', label: t('common.reason'), cell: (e) => e.reason || '–' },
            { key: 'hash', label: t('audit.hash'), cell: (e) => <code title={e.hash}>{e.hash.slice(0, 10)}</code> },
          ]} />
        )}
      </PagedList>
    </Panel>
  )
}
