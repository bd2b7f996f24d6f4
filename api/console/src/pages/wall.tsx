// The live wall: alerts that are not over, most urgent first. Nothing moves under a pointer: what is
// new waits and is announced, and a critical alert that is not on the screen shows in the dock.

import { Button, Group, SegmentedControl, Select, Text } from '@mantine/core'
import { IconArrowUp, IconDeviceTv, IconKeyboard, IconRefresh } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import { severities, type Alert, type Wall } from '../api/types'
import { useT } from '../i18n'
import { alertsOf, linesOf, through, type Line } from '../lib/walllines'
import { tallied, useLive, useWall, wallMost, wallRows } from '../live'
import { useNow, useSchoolParam, useSession } from '../session'
import { AlertCard } from '../ui/alertcard'
import { useAlertDialog } from '../ui/alertdialogs'
import { useBulk } from '../ui/alertbulk'
import { AlertGroup } from '../ui/alertgroup'
import { IncidentCard } from '../ui/incidentcard'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel } from '../ui/kit'
import { usePlaces } from '../ui/states'
import { useStillOrder } from '../ui/stillorder'
import { nextCard, useWallKeys } from '../ui/wallkeys'
import { Dock, SelectionBar } from '../ui/walldock'

export function WallPage() {
  const { t } = useT()
  const now = useNow(1000)
  const { get, put } = useAddress()
  const [limit, setLimit] = useState(wallRows)
  const [help, setHelp] = useState(false)
  const show = ['open', 'acknowledged'].includes(get('show')) ? get('show') : 'all'
  const where = {
    building: get('building'),
    zone: get('zone'),
    severity: get('severity'),
    state: show === 'all' ? '' : show,
  }
  const wall = useWall({ ...where, limit })
  const open = tallied(wall.data?.open)
  const acknowledged = tallied(wall.data?.acknowledged)
  return (
    <Page
      title={t('nav.wall')}
      sub={t('wall.sub', { open, acknowledged })}
      actions={
        <>
          <SegmentedControl
            size="xs"
            value={show}
            onChange={(v) => put('show', v === 'all' ? null : v)}
            aria-label={t('wall.show')}
            data={[
              { value: 'all', label: t('wall.all', { n: open + acknowledged }) },
              { value: 'open', label: t('wall.open', { n: open }) },
              { value: 'acknowledged', label: t('wall.acknowledged', { n: acknowledged }) },
            ]}
          />
          <Button
            size="xs"
            variant="default"
            visibleFrom="md"
            leftSection={<IconKeyboard size={16} aria-hidden />}
            aria-expanded={help}
            onClick={() => setHelp(!help)}>
            {t('wall.keys')}
          </Button>
          <Button
            size="xs"
            variant="default"
            visibleFrom="md"
            component={Link}
            to="/screen"
            leftSection={<IconDeviceTv size={16} aria-hidden />}>
            {t('wall.screen')}
          </Button>
        </>
      }>
      {help && (
        <Text size="sm" mb="sm" data-testid="keys">
          {t('wall.keysHelp')}
        </Text>
      )}
      <div className="wall">
        <section aria-label={t('wall.alerts')}>
          <Filters wall={wall.data} />
          <Loaded q={wall}>
            {(w) => (
              <Alerts
                w={w}
                filtered={Object.values(where).some(Boolean)}
                now={now}
                onHelp={() => setHelp((h) => !h)}>
                <Rest
                  w={w}
                  show={show}
                  severity={where.severity}
                  limit={limit}
                  more={() => setLimit(wallMost)}
                />
              </Alerts>
            )}
          </Loaded>
        </section>
        <Incidents now={now} />
      </div>
    </Page>
  )
}

function Filters({ wall }: { wall: Wall | undefined }) {
  const { t } = useT()
  const { get, put } = useAddress()
  const places = usePlaces()
  const n = (s: (typeof severities)[number]) => (wall ? wall.open[s] + wall.acknowledged[s] : 0)
  return (
    <Group gap="xs" mb="sm" grow wrap="nowrap" preventGrowOverflow={false} maw={640}>
      <Select
        size="xs"
        clearable
        data-wall-search
        placeholder={t('wall.anyBuilding')}
        aria-label={t('wall.building')}
        value={get('building') || null}
        onChange={(x) => put('building', x)}
        data={places.buildings.map((b) => ({ value: b.id, label: b.name }))}
      />
      <Select
        size="xs"
        clearable
        searchable
        placeholder={t('fleet.anyZone')}
        aria-label={t('fleet.zone')}
        value={get('zone') || null}
        onChange={(x) => put('zone', x)}
        data={places.options}
      />
      <Select
        size="xs"
        clearable
        placeholder={t('alerts.anySeverity')}
        aria-label={t('alerts.severity')}
        value={get('severity') || null}
        onChange={(x) => put('severity', x)}
        data={[...severities].reverse().map((s) => ({ value: s, label: `${t('severity.' + s)} ${n(s)}` }))}
      />
    </Group>
  )
}

function Alerts(p: {
  w: Wall
  filtered: boolean
  now: number
  onHelp: () => void
  children: React.ReactNode
}) {
  const { t } = useT()
  const still = useStillOrder(p.w.items, (a: Alert) => a.id, '.alert', true)
  if (still.rows.length === 0 && still.waiting.length === 0)
    return (
      <Panel>
        {p.filtered ? (
          <Empty title={t('wall.noneHere')} hint={t('wall.noneHereHint')} />
        ) : (
          <Empty
            title={t('wall.quiet')}
            hint={
              <>
                {t('wall.quietHint')} <Link to="/alerts">{t('wall.toHistory')}</Link>
              </>
            }
          />
        )}
      </Panel>
    )
  return (
    <div {...still.pointer}>
      <List {...p} rows={still.rows} waiting={still.waiting} gone={still.gone} release={still.release} />
    </div>
  )
}

const header = 52 // px that the frame covers
const headline = 40 // px of a card that must be on the screen

interface ListProps {
  rows: Alert[]
  waiting: Alert[]
  gone: (a: Alert) => boolean
  release: () => void
  now: number
  onHelp: () => void
  children: React.ReactNode
}

// Only the lines that are on the screen exist, so that a storm costs no more than a quiet day.
function List(p: ListProps) {
  const { t } = useT()
  const { can } = useSession()
  const live = useLive()
  const bulk = useBulk()
  const dialog = useAlertDialog()
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const anchor = useRef('')
  const lines = useMemo(() => linesOf(p.rows, opened), [p.rows, opened])
  const list = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const at = list.current?.getBoundingClientRect().top ?? 0
    setTop((was) => (Math.abs(at + window.scrollY - was) > 1 ? at + window.scrollY : was))
  })
  const rows = useWindowVirtualizer({
    count: lines.length,
    estimateSize: () => 112,
    overscan: 5,
    gap: 8,
    scrollMargin: top,
    getItemKey: (i) => lines[i].key,
  })
  const shown = rows.getVirtualItems()
  const selected = p.rows.filter((a) => chosen.has(a.id))
  // A line that moves loses the focus; the keys go on from it all the same.
  const cursor = useRef<string>(undefined)
  const focusedKey = () => {
    const at = document.activeElement
    if (at === document.body || at === list.current) return cursor.current
    return at?.closest<HTMLElement>('[data-line]')?.dataset.line
  }
  const focusedLine = () => lines.find((l) => l.key === focusedKey())
  const toggleGroup = (key: string) =>
    setOpened((o) => {
      const next = new Set(o)
      if (!next.delete(key)) next.add(key)
      return next
    })
  const choose = (ids: string[], on: boolean) =>
    setChosen((c) => {
      const next = new Set(c)
      for (const id of ids)
        if (on) next.add(id)
        else next.delete(id)
      return next
    })
  const go = (key: string) => {
    const at = lines.findIndex((l) => l.key === key)
    if (at < 0) return
    rows.scrollToIndex(at, { align: 'auto' })
    focusSoon(key)
  }
  const take = (alerts: Alert[]) => {
    void bulk.take(alerts)
    setChosen(new Set())
  }
  useWallKeys({
    go: (by) => {
      const key = nextCard(
        lines.map((l) => l.key),
        focusedKey(),
        by,
      )
      if (key) go(key)
    },
    take: () => {
      const line = focusedLine()
      if (can('alerts:write')) take(selected.length > 0 ? selected : line ? alertsOf(line) : [])
    },
    resolve: () => {
      const line = focusedLine()
      if (line?.kind === 'alert' && can('alerts:write')) dialog.open(line.a.id, 'resolve')
    },
    select: (range) => {
      const line = focusedLine()
      if (!line) return
      if (range && anchor.current) return choose(through(lines, anchor.current, line.key), true)
      anchor.current = line.key
      const ids = alertsOf(line).map((a) => a.id)
      choose(ids, !ids.every((id) => chosen.has(id)))
    },
    unselect: () => setChosen(new Set()),
    open: () => {
      const line = focusedLine()
      if (line) toggleGroup(line.key)
    },
    undo: () => void bulk.undo(),
    show: p.release,
    help: p.onHelp,
  })
  useFirstFocus(list)
  const from = (rows.scrollOffset ?? 0) + header
  const to = (rows.scrollOffset ?? 0) + (rows.scrollRect?.height ?? 0)
  const seen = (i: number) => {
    const at = rows.measurementsCache[i]
    return !!at && at.start + headline < to && at.end - headline > from
  }
  const hidden = [
    ...p.waiting,
    ...lines.flatMap((l, i) => (l.kind === 'alert' && !seen(i) ? [l.a] : [])),
  ].filter((a) => a.severity === 'critical' && a.state === 'open')
  return (
    <>
      <div className="wall-news" role="status">
        {p.waiting.length > 0 && (
          <Button
            size="xs"
            data-testid="news"
            leftSection={<IconRefresh size={15} aria-hidden />}
            onClick={p.release}>
            {t('wall.news', { count: p.waiting.length })}
          </Button>
        )}
      </div>
      <div
        ref={list}
        className="alerts"
        tabIndex={-1}
        style={{ height: rows.getTotalSize() }}
        onFocus={(e) => {
          cursor.current = e.target.closest<HTMLElement>('[data-line]')?.dataset.line ?? cursor.current
        }}>
        {shown.map((v) => (
          <div
            key={v.key}
            ref={rows.measureElement}
            data-index={v.index}
            className="wall-line"
            style={{ transform: `translateY(${v.start - rows.options.scrollMargin}px)` }}>
            <WallLine
              line={lines[v.index]}
              now={p.now}
              fresh={live.fresh}
              gone={p.gone}
              chosen={chosen}
              choose={choose}
              more={opened}
              toggle={toggleGroup}
              take={take}
            />
          </div>
        ))}
      </div>
      {p.children}
      <SelectionBar selected={selected} take={take} clear={() => setChosen(new Set())} />
      {selected.length === 0 && (
        <Dock
          alerts={hidden}
          now={p.now}
          take={take}
          show={(a) => {
            p.release()
            focusSoon(a.id, () => go(a.id))
          }}
        />
      )}
      {p.rows.length > 20 && (
        <Button
          className="wall-top"
          size="xs"
          variant="default"
          leftSection={<IconArrowUp size={15} aria-hidden />}
          onClick={() => window.scrollTo({ top: 0 })}>
          {t('wall.toTop')}
        </Button>
      )}
    </>
  )
}

interface LineProps {
  line: Line
  now: number
  fresh: Set<string>
  gone: (a: Alert) => boolean
  chosen: ReadonlySet<string>
  choose: (ids: string[], on: boolean) => void
  more: ReadonlySet<string> // lines that are open
  toggle: (key: string) => void
  take: (alerts: Alert[]) => void
}

function WallLine({ line, now, fresh, gone, chosen, choose, more, toggle, take }: LineProps) {
  if (line.kind === 'group')
    return (
      <AlertGroup
        g={line}
        now={now}
        chosen={line.items.every((a) => chosen.has(a.id))}
        onChoose={(on) =>
          choose(
            line.items.map((a) => a.id),
            on,
          )
        }
        onToggle={() => toggle(line.key)}
        onTake={() => take(line.items)}
      />
    )
  return (
    <AlertCard
      a={line.a}
      now={now}
      fresh={fresh.has(line.a.id)}
      gone={gone(line.a)}
      chosen={chosen.has(line.a.id)}
      onChoose={(on) => choose([line.a.id], on)}
      more={more.has(line.key)}
      onMore={() => toggle(line.key)}
    />
  )
}

// Focuses a line once it exists; it may have to be scrolled to first.
function focusSoon(key: string, otherwise?: () => void) {
  let tries = 0
  const look = () => {
    const line = document.querySelector<HTMLElement>(`[data-line="${CSS.escape(key)}"]`)
    if (line) return line.focus({ preventScroll: true })
    if (++tries === 5) otherwise?.()
    if (tries < 30) requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

// The first Tab on the wall leads to the first alert's first button.
function useFirstFocus(list: React.RefObject<HTMLElement | null>) {
  useEffect(() => {
    if (document.activeElement === document.body) list.current?.focus({ preventScroll: true })
  }, [list])
}

// Rest says how many alerts are not shown: the less urgent ones.
function Rest(p: { w: Wall; show: string; severity: string; limit: number; more: () => void }) {
  const { t } = useT()
  const states =
    p.show === 'open'
      ? [p.w.open]
      : p.show === 'acknowledged'
        ? [p.w.acknowledged]
        : [p.w.open, p.w.acknowledged]
  const severity = severities.find((s) => s === p.severity)
  const all = states.reduce((n, tally) => n + (severity ? tally[severity] : tallied(tally)), 0)
  const shown = p.w.items.length
  if (shown >= all) return null
  return (
    <Group mt="sm" gap="sm" data-testid="rest">
      <Text size="sm">{t('wall.some', { n: shown, all })}</Text>
      {p.limit < wallMost ? (
        <Button size="xs" variant="default" onClick={p.more}>
          {t('wall.more')}
        </Button>
      ) : (
        <Text size="sm">{t('wall.narrow')}</Text>
      )}
    </Group>
  )
}

function Incidents({ now }: { now: number }) {
  const { t } = useT()
  const school = useSchoolParam()
  const incidents = useQuery({
    queryKey: ['incidents', 'open', school],
    queryFn: ({ signal }) => call('/v1/incidents', { query: { state: 'open', limit: 50, school }, signal }),
    refetchInterval: 30_000,
  })
  return (
    <aside aria-label={t('nav.incidents')}>
      <Panel
        title={t('wall.incidents')}
        actions={
          <Group>
            <Link to="/incidents" className="small">
              {t('wall.allIncidents')}
            </Link>
          </Group>
        }>
        <Loaded q={incidents}>
          {(d) =>
            d.items?.length ? (
              <div className="incidents">
                {d.items.map((i) => (
                  <IncidentCard key={i.id} i={i} now={now} />
                ))}
                {d.next && <Text size="sm">{t('wall.moreIncidents', { n: d.items.length })}</Text>}
              </div>
            ) : (
              <Empty title={t('wall.noIncidents')} hint={t('wall.noIncidentsHint')} />
            )
          }
        </Loaded>
      </Panel>
    </aside>
  )
}
