// Many alerts of one cause as one line, with the count of all, whether they are loaded or not.

import { Button, Checkbox, Group, Text } from '@mantine/core'
import { IconChevronDown, IconChevronRight, IconHandStop } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { AlertGroup as AlertsOfOne } from '../api/types'
import { useT } from '../i18n'
import type { Grouping } from '../live'
import { useFormat, useSession } from '../session'
import { Ago } from './ago'
import { Tag } from './kit'
import { SeverityTag, usePlaces } from './states'
import { Unheard } from './unheard'

const named = 4 // rooms that are named

/** The names of a group's rooms, and of devices that are in none; with the floor, where asked for. */
export function useRooms(floors = false) {
  const { t } = useT()
  const places = usePlaces()
  return (g: AlertsOfOne): string[] =>
    g.places
      .map((p) => {
        if (!p.zone) return t('wall.noRoom', { device: p.device_name || p.device })
        const address = floors && places.address(p.zone)
        return address || places.zone(p.zone)?.name || (p.zone === g.alert.zone ? g.alert.zone_name : '')
      })
      .filter((n): n is string => !!n)
}

export function AlertGroup(p: {
  g: AlertsOfOne
  by: Grouping
  open: boolean
  chosen: boolean
  onChoose: (on: boolean) => void
  onToggle: () => void
  onTake: () => void
}) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const { count, unacknowledged: open, newest } = p.g
  const rooms = useRooms()(p.g)
  const first = p.g.alert
  const what = f.local(first.title, first.title_zh)
  const title = p.by === 'room' && rooms[0] ? `${rooms[0]}: ${what}` : what
  return (
    <article
      className="alert alert-group"
      tabIndex={-1}
      data-line={p.g.key}
      data-group={p.g.key}
      data-severity={p.g.severity}
      data-state={open > 0 ? 'open' : 'acknowledged'}
      data-chosen={p.chosen || undefined}
      aria-label={t('wall.groupOf', { title, n: count })}>
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
          aria-expanded={p.open}
          data-testid="open-group"
          leftSection={p.open ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
          onClick={p.onToggle}>
          {t(p.open ? 'wall.closeGroup' : 'wall.openGroup')}
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
          <SeverityTag s={p.g.severity} />
          {p.g.firing > 0 && <Tag tone="red">{t('wall.firingOf', { n: p.g.firing })}</Tag>}
          <Unheard at={p.g.last_heard} n={p.g.unheard} />
          <Tag tone="gray">{t('wall.ofThem', { n: count, open })}</Tag>
        </Group>
        <h3>
          {title} <b className="alert-count">× {count}</b>
        </h3>
        {p.g.rules.length > 1 && (
          <Text size="xs">{t('wall.ofRules', { n: p.g.rules.length, title: what })}</Text>
        )}
        {p.g.driver && p.g.rules.length > 1 && (
          <Text size="xs">{t('wall.ofDriver', { name: p.g.driver })}</Text>
        )}
        {first.incident && p.by === 'cause' && (
          <Text size="xs">
            <Link to={`/incidents/${first.incident}`}>{t('wall.toIncident')}</Link>
          </Text>
        )}
        <Text size="xs">
          {rooms.slice(0, named).join(' · ')}
          {p.g.place_count > named && ` · ${t('wall.moreRooms', { n: p.g.place_count - named })}`}
        </Text>
        <Text size="xs" c="dimmed">
          {t('wall.newest', { at: f.clock(newest) })} · <Ago at={newest} />
        </Text>
      </div>
    </article>
  )
}
