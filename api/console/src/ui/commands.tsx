// A device's last commands and their results.

import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import type { CommandState, Device } from '../api/types'
import { useT } from '../i18n'
import { useFormat } from '../session'
import { Panel, Rows, Tag, type Tone } from './kit'
import { useProfiles } from './states'
import { When } from './when'

const tones: Record<CommandState, Tone> = {
  accepted: 'yellow',
  sent: 'blue',
  delivered: 'blue',
  applied: 'green',
  refused: 'red',
  expired: 'red',
  unknown: 'orange',
}

export function CommandTag({ s }: { s: CommandState }) {
  const { t } = useT()
  return (
    <Tag tone={tones[s] ?? 'gray'} dot>
      {t('commandState.' + s)}
    </Tag>
  )
}

export function CommandsPanel({ d }: { d: Device }) {
  const { t } = useT()
  const f = useFormat()
  const profiles = useProfiles()
  const q = useQuery({
    queryKey: ['device', d.id, 'commands'],
    queryFn: ({ signal }) => call(`/v1/devices/${encodeURIComponent(d.id)}/commands?limit=10`, { signal }),
    refetchInterval: 3000,
  })
  const rows = q.data?.items ?? []
  const actions = profiles.get(d.profile)?.actions ?? {}
  const title = (a: string) =>
    a === 'write' && !actions[a] ? t('device.set') : f.local(actions[a]?.title, actions[a]?.title_zh) || a
  if (rows.length === 0) return null
  return (
    <Panel title={t('commands.title')} flush>
      <Rows
        label={t('commands.title')}
        rows={rows}
        id={(c) => c.id}
        columns={[
          { key: 'made', label: t('common.time'), main: true, cell: (c) => <When at={c.made} seconds /> },
          { key: 'action', label: t('commands.action'), cell: (c) => title(c.action) },
          { key: 'state', label: t('fleet.state'), cell: (c) => <CommandTag s={c.state} /> },
          {
            key: 'reason',
            label: t('common.reason'),
            cell: (c) => c.reason || t('commands.means.' + c.state),
          },
          { key: 'by', label: t('commands.by'), cell: (c) => c.by || '–' },
        ]}
      />
    </Panel>
  )
}
