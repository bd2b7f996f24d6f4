// The live wall: alerts that are not over, most urgent first. Nothing moves under a pointer: what is
// new waits and is announced, and a critical alert that is not on the screen shows in the dock.

import { Button, Group, SegmentedControl, Select, Text } from '@mantine/core'
import { IconArrowUp, IconDeviceTv, IconKeyboard, IconRefresh } from '@tabler/icons-react'
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import { severities, type Alert, type AlertGroup, type Incident, type Wall } from '../api/types'
import { useT } from '../i18n'
import { countOf, heldGroup, linesOf, single, targetsOf, through } from '../lib/walllines'
import type { Line, Targets } from '../lib/walllines'
import { tallied, useLive, useOpen, useWall, wallMost, wallRows, type Grouping } from '../live'
import { useNow, useSchoolParam, useSession } from '../session'
import { AlertCard } from '../ui/alertcard'
import { useAlertDialog } from '../ui/alertdialogs'
import { useBulk, type Gathered } from '../ui/alertbulk'
import { AlertGroup as GroupLine } from '../ui/alertgroup'
import { IncidentCard } from '../ui/incidentcard'
import { HiddenCount } from '../ui/hiddencount'
import { useMayShelve } from '../ui/shelve'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel } from '../ui/kit'
import { usePlaces } from '../ui/states'
import { useStillOrder } from '../ui/stillorder'
import { nextCard, useWallKeys, type Cursor } from '../ui/wallkeys'
import { Dock, Docked, SelectionBar } from '../ui/walldock'

const groupings: Grouping[] = ['cause', 'room', 'rule']

export function WallPage() {
  const { t } = useT()
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
  // One by one where somebody asks for it; else the gateway gathers, so that 500 of one cause are a line.
  const group = get('group') === 'none' ? undefined : (groupings.find((x) => x === get('group')) ?? 'cause')
  const wall = useWall({ ...where, group, limit })
  const school = useSchoolParam()
  const everywhere = useOpen().data?.open.critical ?? 0
  const here = where.severity || where.state ? 0 : (wall.data?.open.critical ?? 0)
  const hides = !!where.building || !!where.zone || (where.severity && where.severity !== 'critical')
  const elsewhere = hides || where.state === 'acknowledged' ? Math.max(0, everywhere - here) : 0
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
          <HiddenCount wall={wall.data} />
          <Loaded q={wall}>
            {(w) => (
              <Alerts
                w={w}
                where={{ ...where, group, school }}
                elsewhere={elsewhere}
                filtered={Object.values(where).some(Boolean)}
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
        <Incidents />
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
    <div className="wall-filters">
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
      <Select
        size="xs"
        allowDeselect={false}
        aria-label={t('wall.gather')}
        data-testid="gather"
        value={get('group') || 'cause'}
        onChange={(x) => put('group', x === 'cause' ? null : x)}
        data={[...groupings, 'none'].map((x) => ({ value: x, label: t('wall.by.' + x) }))}
      />
    </div>
  )
}

interface AlertsProps {
  w: Wall
  elsewhere: number // unanswered critical alerts that the filters hide
  where: Gathered
  filtered: boolean
  onHelp: () => void
  children: React.ReactNode
}

function Alerts(p: AlertsProps) {
  const { t } = useT()
  const groups = useMemo(() => p.w.groups ?? p.w.items.map(single), [p.w.groups, p.w.items])
  const still = useStillOrder(groups, (g: AlertGroup) => g.key, '.alert', true, heldGroup)
  if (still.rows.length === 0 && still.waiting.length === 0)
    return (
      <Panel>
        <Docked>
          <Dock alerts={[]} elsewhere={p.elsewhere} take={() => {}} show={() => {}} />
        </Docked>
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
  // What has come to a card that is held, and is not what the card shows.
  const shown = new Map(still.rows.map((g) => [g.key, g]))
  const grown = groups.filter((g) => (shown.get(g.key)?.alert.id ?? g.alert.id) !== g.alert.id)
  return (
    <div {...still.pointer}>
      <List
        {...p}
        rows={still.rows}
        waiting={[...still.waiting, ...grown]}
        gone={still.gone}
        release={still.release}
      />
    </div>
  )
}

const page = 50 // alerts of an open group that are loaded at a time

// The lists of the groups that are open, as far as they are loaded, and what shows or hides them.
function useLists(where: Gathered) {
  const [sizes, setSizes] = useState<ReadonlyMap<string, number>>(new Map())
  const lists = useQueries({
    queries: [...sizes].map(([key, limit]) => ({
      queryKey: ['alerts', 'wall', where.school, { ...where, key, limit }],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        call('/v1/wall', { query: { ...(where as object), key, limit }, signal }),
      placeholderData: keepPreviousData,
      refetchInterval: 15_000,
    })),
    combine: (all) => all.map((q) => q.data?.items),
  })
  const loaded = useMemo(() => {
    const out = new Map<string, Alert[]>()
    ;[...sizes.keys()].forEach((key, i) => out.set(key, lists[i] ?? []))
    return out
  }, [sizes, lists])
  const set = (key: string, size: number) =>
    setSizes((was) => {
      const next = new Map(was)
      if (size > 0) next.set(key, size)
      else next.delete(key)
      return next
    })
  return {
    loaded,
    toggle: (key: string) => set(key, sizes.has(key) ? 0 : page),
    more: (key: string) => set(key, Math.min(wallMost, (sizes.get(key) ?? 0) + page)),
  }
}

// A set of keys that is changed in place.
function useKeys(): [ReadonlySet<string>, (keys: string[], on: boolean) => void, () => void] {
  const [keys, set] = useState<ReadonlySet<string>>(new Set())
  const put = (some: string[], on: boolean) =>
    set((was) => {
      const next = new Set(was)
      for (const key of some)
        if (on) next.add(key)
        else next.delete(key)
      return next
    })
  return [keys, put, () => set(new Set())]
}

const header = 52 // px that the frame covers
const headline = 40 // px of a card that must be on the screen

interface ListProps {
  elsewhere: number
  rows: AlertGroup[]
  waiting: AlertGroup[]
  where: Gathered
  gone: (g: AlertGroup) => boolean
  release: () => void
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
  const [detailed, detail] = useKeys()
  const [chosen, choose, unchoose] = useKeys()
  const [resolving, setResolving] = useState(false)
  const [shelving, setShelving] = useState(false)
  const mayShelve = useMayShelve()
  const anchor = useRef('')
  const lists = useLists(p.where)
  const lines = useMemo(() => linesOf(p.rows, lists.loaded), [p.rows, lists.loaded])
  const over = useMemo(() => new Set(p.rows.filter(p.gone).map((g) => g.key)), [p.rows, p.gone])
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
  const selected = targetsOf(lines, chosen)
  const some = countOf(selected).all > 0
  // A line that moves loses the focus; the keys go on from it all the same, also while the focus is
  // still on its way.
  const cursor = useRef<Cursor>(undefined)
  const aim = (key: string | undefined) => {
    if (key) cursor.current = { key, at: lines.findIndex((l) => l.key === key) }
  }
  useEffect(() => {
    const at = lines.findIndex((l) => l.key === cursor.current?.key)
    if (at >= 0) aim(cursor.current?.key)
  })
  const focused = () => {
    const at = document.activeElement
    return at === document.body || list.current?.contains(at) ? cursor.current : undefined
  }
  const freshly = (l: Line) => l.kind === 'alert' && live.fresh.has(l.a.id)
  const focusedLine = () => lines.find((l) => l.key === focused()?.key)
  const go = (key: string) => {
    const at = lines.findIndex((l) => l.key === key)
    if (at < 0) return
    aim(key)
    rows.scrollToIndex(at, { align: 'auto' })
    focusSoon(key)
  }
  const take = (what: Targets) => {
    void bulk.take(what, p.where)
    unchoose()
  }
  const open = (line: Line) =>
    line.kind === 'group' ? lists.toggle(line.key) : detail([line.key], !detailed.has(line.key))
  useWallKeys({
    go: (by) => {
      const key = nextCard(
        lines.map((l) => l.key),
        focused(),
        by,
      )
      if (key) go(key)
    },
    take: () => {
      const line = focusedLine()
      if (!can('alerts:write')) return
      if (some) take(selected)
      else if (line) take(targetsOf([line], new Set([line.key])))
    },
    resolve: () => {
      const line = focusedLine()
      if (!can('alerts:write')) return
      if (some) return setResolving(true)
      if (line?.kind === 'alert') return dialog.open(line.a.id, 'resolve')
      if (line?.kind !== 'group') return
      choose([line.key], true)
      setResolving(true)
    },
    shelve: () => {
      const line = focusedLine()
      if (!can('alerts:write')) return
      if (some) return setShelving(true)
      if (line?.kind === 'alert') return mayShelve(line.a) && dialog.open(line.a.id, 'shelve')
      if (line?.kind !== 'group') return
      choose([line.key], true)
      setShelving(true)
    },
    select: (range) => {
      const line = focusedLine()
      if (!line || !can('alerts:write')) return
      if (range && anchor.current) return choose(through(lines, anchor.current, line.key), true)
      anchor.current = line.key
      choose([line.key], !chosen.has(line.key))
    },
    unselect: unchoose,
    open: () => {
      const line = focusedLine()
      if (line) open(line)
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
  const unseen = [
    ...p.waiting.map((g) => g.alert),
    ...lines.flatMap((l, i) =>
      seen(i) ? [] : l.kind === 'alert' ? [l.a] : l.kind === 'group' ? [l.g.alert] : [],
    ),
  ]
  const hidden = [...new Map(unseen.map((a) => [a.id, a])).values()].filter(
    (a) => a.severity === 'critical' && a.state === 'open',
  )
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
          aim(e.target.closest<HTMLElement>('[data-line]')?.dataset.line)
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
              by={p.where.group ?? 'cause'}

              school={p.where.school}
              fresh={freshly(lines[v.index])}
              gone={over.has(lines[v.index].key)}
              chosen={chosen.has(lines[v.index].key)}
              detailed={detailed.has(lines[v.index].key)}
              onChoose={(on) => choose([lines[v.index].key], on)}
              onOpen={() => open(lines[v.index])}
              onMore={lists.more}
              take={take}
            />
          </div>
        ))}
      </div>
      {p.children}
      <Docked>
        <SelectionBar
          selected={selected}
          where={p.where}
          resolving={resolving && some}
          resolve={setResolving}
          shelving={shelving && some}
          shelve={setShelving}
          take={take}
          clear={unchoose}
        />
        <Dock
          alerts={hidden}
          elsewhere={p.elsewhere}

          take={take}
          show={(a) => {
            p.release()
            const key = () => lines.find((l) => l.kind === 'alert' && l.a.id === a.id)?.key ?? a.id
            focusSoon(key(), () => go(key()))
          }}
        />
      </Docked>
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
  by: Grouping
  school: string | undefined
  fresh: boolean
  gone: boolean
  chosen: boolean
  detailed: boolean
  onChoose: (on: boolean) => void
  onOpen: () => void
  onMore: (group: string) => void
  take: (what: Targets) => void
}

const drawn = ['by', 'school', 'fresh', 'gone', 'chosen', 'detailed'] as const

// A line is drawn again when what it shows has changed, and not with every answer of the gateway.
const WallLine = memo(Drawn, (was, is) => {
  const [a, b] = [was.line, is.line]
  const same =
    a.kind === b.kind &&
    a.key === b.key &&
    (a.kind === 'alert' ? a.a === (b as typeof a).a : a.g === (b as typeof a).g) &&
    (a.kind !== 'group' || a.open === (b as typeof a).open) &&
    (a.kind !== 'rest' || a.shown === (b as typeof a).shown)
  return same && drawn.every((k) => was[k] === is[k])
})

function Drawn(p: LineProps) {
  const { line } = p
  if (line.kind === 'group')
    return (
      <GroupLine
        g={line.g}
        by={p.by}
        open={line.open}
        chosen={p.chosen}
        onChoose={p.onChoose}
        onToggle={p.onOpen}
        onTake={() => p.take({ alerts: [], groups: [line.g] })}
      />
    )
  if (line.kind === 'rest') return <GroupRest line={line} onMore={() => p.onMore(line.g.key)} />
  return (
    <AlertCard
      a={line.a}
      line={line.key}
      fresh={p.fresh}
      gone={p.gone}
      chosen={p.chosen}
      onChoose={p.onChoose}
      more={p.detailed}
      onMore={p.onOpen}
    />
  )
}

// What of an open group is not loaded, and the way to it.
function GroupRest({ line, onMore }: { line: Line & { kind: 'rest' }; onMore: () => void }) {
  const { t } = useT()
  return (
    <Group gap="sm" data-line={line.key} tabIndex={-1} className="wall-rest">
      <Text size="sm">{t('wall.some', { n: line.shown, all: line.g.count })}</Text>
      {line.shown < wallMost ? (
        <Button size="xs" variant="default" data-testid="group-more" onClick={onMore}>
          {t('wall.more')}
        </Button>
      ) : (
        <Text size="sm">{t('wall.narrow')}</Text>
      )}
    </Group>
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
  const groups = p.w.groups?.length
  const shown = groups ?? p.w.items.length
  if (shown >= (groups === undefined ? all : (p.w.group_count ?? 0))) return null
  return (
    <Group mt="sm" gap="sm" data-testid="rest">
      <Text size="sm">
        {groups === undefined
          ? t('wall.some', { n: shown, all })
          : t('wall.someGroups', { n: shown, all: p.w.group_count })}
      </Text>
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

function Incidents() {
  const now = useNow(10_000)
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
                {[...d.items].sort(graver).map((i) => (
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
// The gravest incident first; drills last, as they are listed otherwise.
function graver(a: Incident, b: Incident): number {
  const rank = (i: Incident) => (i.drill ? -1 : severities.indexOf(i.severity))
  return rank(b) - rank(a)
}
