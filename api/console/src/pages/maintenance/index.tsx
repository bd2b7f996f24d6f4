// What keeps alerts off the wall: maintenance windows, planned and at once, and shelves; why, until
// when, and what they hide.

import { Anchor, Button, Group, SegmentedControl } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../../api/client'
import type { Suppression } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { useAddress, useOpen } from '../../ui/address'
import { Ask } from '../../ui/ask'
import { Empty, Loaded, Page, Panel, Tag } from '../../ui/kit'
import { usePlaces } from '../../ui/states'
import { WindowDialog } from './window'

const states = ['active', 'planned', 'over'] as const

export function MaintenancePage() {
  const { t } = useT()
  const { can } = useSession()
  const at = useAddress()
  const schoolID = useSchoolParam()
  const [id, open, close] = useOpen('window')
  const state = states.find((s) => s === at.get('state')) ?? 'active'
  const q = useQuery({
    queryKey: ['suppressions', schoolID, state],
    queryFn: () => call('/v1/suppressions', { query: { school: schoolID, state, limit: 200 } }),
    refetchInterval: 10_000,
  })
  const may = can('alerts:write')
  const edited = q.data?.items?.find((s) => s.id === id)
  return (
    <Page
      title={t('nav.maintenance')}
      sub={t('maintenance.sub')}
      actions={
        may && (
          <Button size="xs" onClick={() => open('new')}>
            {t('maintenance.add')}
          </Button>
        )
      }>
      <Panel
        title={t('maintenance.list')}
        actions={
          <SegmentedControl
            size="xs"
            value={state}
            aria-label={t('maintenance.which')}
            data={states.map((s) => ({ value: s, label: t('maintenance.state.' + s) }))}
            onChange={(s) => at.put('state', s === 'active' ? null : s)}
          />
        }>
        <Loaded q={q}>
          {(d) =>
            d.items?.length ? (
              <>
                <Suppressions all={d.items} onEdit={may ? open : undefined} />
                {d.next && <p className="duty-hint">{t('maintenance.more', { n: d.items.length })}</p>}
              </>
            ) : (
              <Empty title={t('maintenance.none.' + state)} hint={t('maintenance.noneHint')} />
            )
          }
        </Loaded>
      </Panel>
      {id === 'new' && may && <WindowDialog onClose={close} />}
      {edited && may && <WindowDialog key={edited.id} s={edited} onClose={close} />}
    </Page>
  )
}

/** Shelves and windows as cards, with what may be done about them. */
export function Suppressions({ all, onEdit }: { all: Suppression[]; onEdit?: (id: string) => void }) {
  const { t } = useT()
  const [ending, setEnding] = useState<Suppression>()
  const cache = useQueryClient()
  const end = async () => {
    if (!ending) return
    await call(`/v1/suppressions/${encodeURIComponent(ending.id)}/end`, { method: 'POST' })
    await Promise.all([
      cache.invalidateQueries({ queryKey: ['suppressions'] }),
      cache.invalidateQueries({ queryKey: ['alerts'] }),
      cache.invalidateQueries({ queryKey: ['alert'] }),
    ])
  }
  return (
    <>
      <ul className="maintenance">
        {all.map((s) => (
          <OneSuppression key={s.id} s={s} onEdit={onEdit} onEnd={onEdit && (() => setEnding(s))} />
        ))}
      </ul>
      {ending && (
        <Ask
          opened
          onClose={() => setEnding(undefined)}
          title={t(ending.state === 'planned' ? 'maintenance.cancel' : 'maintenance.end')}
          text={t(ending.hides ? 'maintenance.endTells' : 'maintenance.endText', { n: ending.hides })}
          deed={t(ending.state === 'planned' ? 'maintenance.cancel' : 'maintenance.end')}
          onDo={end}
        />
      )}
    </>
  )
}

interface OneProps {
  s: Suppression
  onEdit?: (id: string) => void
  onEnd?: () => void
}

function OneSuppression({ s, onEdit, onEnd }: OneProps) {
  const { t } = useT()
  const f = useFormat()
  const what = useWhat()
  return (
    <li data-state={s.state}>
      <h3>
        <Tag tone={s.kind === 'shelf' ? 'violet' : 'blue'}>{t('maintenance.kind.' + s.kind)}</Tag> {s.reason}
      </h3>
      <p>
        {what(s)} · {t('maintenance.upTo', { severity: t('severity.' + s.up_to) })}
        {s.own_only && <> · {t('maintenance.ownOnlyShort')}</>}
      </p>
      {s.gone.length > 0 && (
        <p data-testid="gone">
          <Tag tone="yellow">{t('maintenance.gone')}</Tag>{' '}
          {s.gone.map((x) => t('maintenance.goneOf.' + x.what, { name: x.name || x.id })).join(', ')}.{' '}
          {t('maintenance.goneHint')}
        </p>
      )}
      <p>
        {f.short(s.from)} – {f.short(s.until)}
        {s.weekly && <> · {weeklyText(s, t)}</>}
      </p>
      <p className="duty-hint">
        {s.holds_until && <b>{t('maintenance.holds', { at: f.short(s.holds_until) })} </b>}
        {s.holds_next && <>{t('maintenance.next', { at: f.short(s.holds_next) })} </>}
        {s.ended && (
          <>
            {t('maintenance.ended', {
              at: f.short(s.ended),
              who: s.ender_name || t('maintenance.gateway'),
            })}{' '}
          </>
        )}
        {t('maintenance.by', { who: s.by_name || '–', at: f.short(s.made) })}
      </p>
      <Group gap="xs">
        {s.alert && (
          <Anchor component={Link} to={`/alerts?alert=${encodeURIComponent(s.alert)}&do=look`} size="sm">
            {t('maintenance.toAlert')}
          </Anchor>
        )}
        {s.hid > 0 ? (
          <Anchor component={Link} to={`/alerts?suppression=${encodeURIComponent(s.id)}`} size="sm">
            {t('maintenance.hides', { n: s.hides, all: s.hid })}
          </Anchor>
        ) : (
          <span className="duty-hint">{t('maintenance.hidesNone')}</span>
        )}
        {s.state !== 'over' && onEdit && s.kind === 'window' && (
          <Button size="compact-xs" variant="default" onClick={() => onEdit(s.id)}>
            {t('maintenance.edit')}
          </Button>
        )}
        {s.state !== 'over' && onEnd && (
          <Button size="compact-xs" variant="default" onClick={onEnd}>
            {t(s.state === 'planned' ? 'maintenance.cancel' : 'maintenance.end')}
          </Button>
        )}
      </Group>
    </li>
  )
}

function weeklyText(s: Suppression, t: ReturnType<typeof useT>['t']) {
  const days = (s.weekly?.days ?? []).map((d) => t('duty.weekday.' + d)).join(', ')
  return t('maintenance.weekly', {
    days: days || t('maintenance.everyDay'),
    start: s.weekly?.start ?? '',
    end: s.weekly?.end ?? '',
  })
}

/** What a suppression is for, in words. */
function useWhat() {
  const { t } = useT()
  const { can, school } = useSession()
  const places = usePlaces()
  const devices = useQuery({
    queryKey: ['devices', 'names', school.id],
    queryFn: () => call('/v1/devices', { query: { school: school.id, limit: 1000 } }),
    enabled: can('devices:read'),
  })
  const device = (id: string) => devices.data?.items?.find((d) => d.id === id)?.name || id
  return (s: Suppression) =>
    [
      ...left(s, 'device', s.devices).map(device),
      ...left(s, 'zone', s.zones).map((z) => places.zoneName(z)),
      ...left(s, 'building', s.buildings).map((b) => places.buildings.find((x) => x.id === b)?.name ?? b),
      ...left(s, 'rule', s.rules).map((r) => t('maintenance.rule', { rule: r })),
      ...s.properties,
    ].join(', ') || t(s.alert ? 'maintenance.oneAlert' : 'maintenance.nothingLeft')
}

// What a window names and is still there: what is gone is told apart.
const left = (s: Suppression, what: string, ids: string[]) =>
  ids.filter((id) => !s.gone.some((x) => x.what === what && x.id === id))
