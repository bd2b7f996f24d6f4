// What stays at the window's lower edge: critical alerts that are not on the screen, or what is done
// with the selected ones.

import { Button, Group, Menu, Text } from '@mantine/core'
import { IconCheck, IconClockPause, IconHandStop, IconUrgent, IconUserCheck } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import type { Alert } from '../api/types'
import { useT } from '../i18n'
import { countOf, type Targets } from '../lib/walllines'
import { useFormat, useSession } from '../session'
import { Ago } from './ago'
import { useAddress } from './address'
import { useBulk, type Gathered } from './alertbulk'
import { Holds } from './alertcard'
import { useAssignees } from './alertmore'
import { Ask } from './ask'
import { OpenIncident } from './openincident'
import { ShelveDialog } from './shelve'
import { SeverityTag } from './states'

const most = 3

/** What is docked: the selection, and below it the critical alerts. */
export function Docked({ children }: { children: ReactNode }) {
  return <div className="docked">{children}</div>
}

export function Dock(p: {
  alerts: Alert[]
  elsewhere: number // critical ones that the filters hide
  take: (what: Targets) => void
  show: (a: Alert) => void
}) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const { change } = useAddress()
  if (p.alerts.length === 0 && p.elsewhere === 0) return null
  return (
    <div className="dock" role="alert" data-testid="dock">
      {p.alerts.slice(0, most).map((a) => (
        <div key={a.id} className="dock-line" data-dock={a.id}>
          <SeverityTag s={a.severity} />
          <Holds a={a} />
          <button type="button" className="dock-name" onClick={() => p.show(a)}>
            <b>{f.local(a.title, a.title_zh)}</b>
            {a.zone_name && ` · ${a.zone_name}`} · <Ago at={a.opened} />
          </button>
          {can('alerts:write') && (
            <Button size="compact-sm" color="red" onClick={() => p.take({ alerts: [a], groups: [] })}>
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
      {p.elsewhere > 0 && (
        <div className="dock-line" data-testid="elsewhere">
          <span className="dock-name">
            <b>{t('wall.elsewhere', { count: p.elsewhere })}</b>
          </span>
          <Button
            size="compact-sm"
            color="red"
            onClick={() => change({ building: null, zone: null, severity: null, show: null })}>
            {t('wall.showAll')}
          </Button>
        </div>
      )}
    </div>
  )
}

interface SelectionProps {
  selected: Targets
  where: Gathered
  resolving: boolean // the dialog for it is open
  resolve: (open: boolean) => void
  shelving: boolean // the dialog for it is open
  shelve: (open: boolean) => void
  take: (what: Targets) => void
  clear: () => void
}

export function SelectionBar(p: SelectionProps) {
  const { t } = useT()
  const bulk = useBulk()
  const [opening, setOpening] = useState(false)
  const { alerts, groups } = p.selected
  const { all, open } = countOf(p.selected)
  if (all === 0) return null
  const firing = alerts.some((a) => a.firing) || groups.some((g) => g.firing > 0)
  return (
    <div className="dock" data-plain role="region" aria-label={t('wall.selection')} data-testid="selection">
      <Group gap="xs" justify="space-between">
        <Text size="sm" fw={650}>
          {t('wall.selected', { n: all })}
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
          <AssignMenu
            school={(alerts[0] ?? groups[0]).school}
            onChoose={(to) => {
              void bulk.run(p.selected, { deed: 'assign', assignee: to }, p.where)
              p.clear()
            }}
          />
          <Button
            size="sm"
            variant="default"
            data-testid="resolve-selected"
            leftSection={<IconCheck size={16} />}
            onClick={() => p.resolve(true)}>
            {t('wall.resolve')}
          </Button>
          <Button
            size="sm"
            variant="default"
            data-testid="open-incident"
            leftSection={<IconUrgent size={16} />}
            onClick={() => setOpening(true)}>
            {t('incident.open')}
          </Button>
          <Button
            size="sm"
            variant="default"
            data-testid="shelve-selected"
            leftSection={<IconClockPause size={16} />}
            onClick={() => p.shelve(true)}>
            {t('shelf.deed')}
          </Button>
          <Button size="sm" variant="default" onClick={p.clear}>
            {t('wall.unselect')}
          </Button>
        </Group>
      </Group>
      <Ask
        opened={p.resolving}
        title={t('handling.resolveMany', { n: all })}
        deed={t('wall.resolve')}
        text={firing ? t('handling.resolveManyFiring') : undefined}
        comment={{ label: t('wall.resolveComment'), required: true }}
        onDo={async (comment) => {
          await bulk.run(p.selected, { deed: 'resolve', comment, until_it_ends: firing }, p.where)
          p.clear()
        }}
        onClose={() => p.resolve(false)}
      />
      {opening && (
        <OpenIncident
          alerts={p.selected}
          where={p.where}
          onClose={() => setOpening(false)}
          onOpened={p.clear}
        />
      )}
      {p.shelving && (
        <ShelveDialog what={p.selected} where={p.where} onDone={p.clear} onClose={() => p.shelve(false)} />
      )}
    </div>
  )
}

// Whom to assign to, by name.
function AssignMenu({ school, onChoose }: { school: string; onChoose: (user: string) => void }) {
  const { t } = useT()
  const people = useAssignees(school)
  return (
    <Menu position="top-end" withinPortal>
      <Menu.Target>
        <Button
          size="sm"
          variant="default"
          data-testid="assign-selected"
          leftSection={<IconUserCheck size={16} />}>
          {t('handling.assign')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        {people.map((h) => (
          <Menu.Item key={h.id} onClick={() => onChoose(h.id)}>
            {h.name}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => onChoose('')}>{t('handling.nobody')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
