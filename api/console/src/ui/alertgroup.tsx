// Many alerts of one cause as one line.

import { Button, Checkbox, Group, Text } from '@mantine/core'
import { IconChevronDown, IconChevronRight, IconHandStop } from '@tabler/icons-react'
import { useT } from '../i18n'
import type { Group as AlertsOfOne } from '../lib/walllines'
import { useFormat, useSession } from '../session'
import { Tag } from './kit'
import { SeverityTag } from './states'

const named = 4 // rooms that are named

export function AlertGroup(p: {
  g: AlertsOfOne
  now: number
  chosen: boolean
  onChoose: (on: boolean) => void
  onToggle: () => void
  onTake: () => void
}) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const first = p.g.items[0]
  const title = f.local(first.title, first.title_zh)
  const open = p.g.items.filter((a) => a.state === 'open').length
  const rooms = [...new Set(p.g.items.map((a) => a.zone_name).filter(Boolean))]
  const newest = p.g.items.reduce((at, a) => (a.opened > at ? a.opened : at), first.opened)
  return (
    <article
      className="alert alert-group"
      tabIndex={-1}
      data-line={p.g.key}
      data-group={p.g.key}
      data-severity={first.severity}
      data-chosen={p.chosen || undefined}
      aria-label={t('wall.groupOf', { title, n: p.g.items.length })}>
      <Group gap="xs" className="alert-deeds">
        {can('alerts:write') && open > 0 && (
          <Button
            size="xs"
            data-testid="take-all"
            leftSection={<IconHandStop size={16} />}
            onClick={p.onTake}>
            {t('wall.takeAll', { n: open })}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          aria-expanded={p.g.open}
          data-testid="open-group"
          leftSection={p.g.open ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
          onClick={p.onToggle}>
          {t(p.g.open ? 'wall.closeGroup' : 'wall.openGroup')}
        </Button>
      </Group>
      <div className="alert-main">
        <Group gap={6} mb={2}>
          {can('alerts:write') && (
            <Checkbox
              size="xs"
              checked={p.chosen}
              aria-label={t('wall.chooseAll')}
              onChange={(e) => p.onChoose(e.currentTarget.checked)}
            />
          )}
          <SeverityTag s={first.severity} />
          <Tag tone="gray">{t('wall.ofThem', { n: p.g.items.length, open })}</Tag>
        </Group>
        <h3>
          {title} <b className="alert-count">× {p.g.items.length}</b>
        </h3>
        <Text size="xs">
          {rooms.slice(0, named).join(' · ')}
          {rooms.length > named && ` · ${t('wall.moreRooms', { n: rooms.length - named })}`}
        </Text>
        <Text size="xs" c="dimmed">
          {t('wall.newest', { at: f.clock(newest), age: t('time.ago', { age: f.ago(newest, p.now) }) })}
        </Text>
      </div>
    </article>
  )
}
