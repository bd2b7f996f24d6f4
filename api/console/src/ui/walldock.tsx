// What stays at the window's lower edge: critical alerts that are not on the screen, or what is done
// with the selected ones.

import { Button, Group, Text } from '@mantine/core'
import { IconHandStop } from '@tabler/icons-react'
import type { Alert } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { SeverityTag } from './states'

const most = 3

export function Dock(p: {
  alerts: Alert[]
  now: number
  take: (alerts: Alert[]) => void
  show: (a: Alert) => void
}) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  if (p.alerts.length === 0) return null
  return (
    <div className="dock" role="alert" data-testid="dock">
      {p.alerts.slice(0, most).map((a) => (
        <div key={a.id} className="dock-line" data-dock={a.id}>
          <SeverityTag s={a.severity} />
          <button type="button" className="dock-name" onClick={() => p.show(a)}>
            <b>{f.local(a.title, a.title_zh)}</b>
            {a.zone_name && ` · ${a.zone_name}`} · {f.ago(a.opened, p.now)}
          </button>
          {can('alerts:write') && (
            <Button size="compact-sm" color="red" onClick={() => p.take([a])}>
              {t('wall.acknowledge')}
            </Button>
          )}
        </div>
      ))}
      {p.alerts.length > most && (
        <Text size="sm" fw={650}>
          {t('wall.moreCritical', { n: p.alerts.length - most })}
        </Text>
      )}
    </div>
  )
}

export function SelectionBar(p: { selected: Alert[]; take: (alerts: Alert[]) => void; clear: () => void }) {
  const { t } = useT()
  if (p.selected.length === 0) return null
  const open = p.selected.filter((a) => a.state === 'open').length
  return (
    <div className="dock" data-plain role="region" aria-label={t('wall.selection')} data-testid="selection">
      <Group gap="xs" justify="space-between">
        <Text size="sm" fw={650}>
          {t('wall.selected', { n: p.selected.length })}
        </Text>
        <Group gap="xs">
          <Button
            size="sm"
            disabled={open === 0}
            data-testid="take-selected"
            leftSection={<IconHandStop size={16} />}
            onClick={() => p.take(p.selected)}>
            {t('wall.takeAll', { n: open })}
          </Button>
          <Button size="sm" variant="default" onClick={p.clear}>
            {t('wall.unselect')}
          </Button>
        </Group>
      </Group>
    </div>
  )
}
