// Placing devices and rooms on a plan, by pointer or by keyboard, and sending the drawing.

import { Alert, Button, FileButton, Group, Stack, Text } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { APIError, ask, tagged } from '../api/client'
import type { FloorPlan, PlanSent } from '../api/types'
import { useT } from '../i18n'
import { moveArea, movePoint, over, pointAt, resizeArea, stepOf, type Area, type Point } from '../lib/plan'
import { useBackAsks } from './backasks'
import { errorText, Panel, said, useDeed } from './kit'
import { areaStyle, DotFace, PlanBox, spotStyle } from './plan'

interface Draft {
  devices: Record<string, Point>
  rooms: Record<string, Area>
}
type Item = { kind: 'devices' | 'rooms'; id: string }

function draftOf(plan: FloorPlan): Draft {
  return {
    devices: Object.fromEntries(plan.devices.flatMap((d) => (d.spot ? [[d.id, d.spot]] : []))),
    rooms: Object.fromEntries(plan.rooms.flatMap((r) => (r.area ? [[r.id, r.area]] : []))),
  }
}

const newRoom = (at: Point): Area => moveArea({ x: at.x - 0.1, y: at.y - 0.1, w: 0.2, h: 0.2 }, 0, 0)

export function PlanEditor(p: { plan: FloorPlan; etag: string; onDone: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const deed = useDeed()
  const [first, setFirst] = useState(() => draftOf(p.plan))
  const [etag, setEtag] = useState(p.etag)
  const [draft, setDraft] = useState(first)
  const [asking, setAsking] = useState(false)
  const changed = JSON.stringify(draft) !== JSON.stringify(first)
  useBackAsks(changed, () => setAsking(true))
  const path = `/v1/floors/${encodeURIComponent(p.plan.floor.id)}`
  const put = ({ kind, id }: Item, to: Point | Area | undefined) =>
    setDraft((d) => {
      const of = { ...d[kind] } as Record<string, Point | Area>
      if (to) of[id] = to
      else delete of[id]
      return { ...d, [kind]: of } as Draft
    })
  const save = (match: string | undefined) =>
    deed.run(async () => {
      const body = {
        devices: Object.entries(draft.devices).map(([device, s]) => ({ device, ...s })),
        rooms: Object.entries(draft.rooms).map(([zone, a]) => ({ zone, ...a })),
      }
      await ask(path + '/spots', { method: 'PUT', body, match })
      await cache.invalidateQueries({ queryKey: ['plan'] })
      await cache.invalidateQueries({ queryKey: ['whereabouts'] })
      said(t('plan.saved'))
      p.onDone()
    })
  const theirs = async () => {
    const now = await tagged<FloorPlan>(path + '/plan', {})
    setFirst(draftOf(now.body))
    setDraft(draftOf(now.body))
    setEtag(now.etag)
    deed.clear()
  }
  const late = deed.error instanceof APIError && deed.error.code === 'changed'
  return (
    <div className="planpage">
      <Panel title={t('plan.editTitle')} actions={<Drawing plan={p.plan} path={path} />}>
        <Text size="sm" mb="xs">
          {t('plan.editHelp')}
        </Text>
        {p.plan.floor.plan ? (
          <Sheet plan={p.plan} draft={draft} put={put} />
        ) : (
          <Alert color="blue" variant="light">
            {t('plan.sendFirst')}
          </Alert>
        )}
        {deed.error !== undefined && (
          <Alert color={late ? 'orange' : 'red'} variant="light" mt="sm" role="alert">
            {late ? t('plan.late') : errorText(deed.error, t)}
            {late && (
              <Group gap="xs" mt="xs">
                <Button size="xs" variant="default" onClick={() => void theirs()}>
                  {t('plan.theirs')}
                </Button>
                <Button size="xs" color="orange" onClick={() => void save(undefined)}>
                  {t('plan.mine')}
                </Button>
              </Group>
            )}
          </Alert>
        )}
        {asking && (
          <Alert color="orange" variant="light" mt="sm" role="alertdialog" title={t('dialog.discardTitle')}>
            <Group gap="xs">
              <Button size="xs" variant="default" autoFocus onClick={() => setAsking(false)}>
                {t('dialog.keep')}
              </Button>
              <Button size="xs" color="red" onClick={p.onDone}>
                {t('dialog.discard')}
              </Button>
            </Group>
          </Alert>
        )}
        <Group justify="flex-end" mt="sm">
          <Button variant="default" onClick={() => (changed ? setAsking(true) : p.onDone())}>
            {t('common.cancel')}
          </Button>
          <Button
            data-testid="save-plan"
            disabled={!changed}
            loading={deed.busy}
            onClick={() => void save(etag)}>
            {t('common.save')}
          </Button>
        </Group>
      </Panel>
      <Loose plan={p.plan} draft={draft} put={put} />
    </div>
  )
}

// The drawing's button: sends a file.
function Drawing({ plan, path }: { plan: FloorPlan; path: string }) {
  const { t } = useT()
  const cache = useQueryClient()
  const deed = useDeed()
  const [left, setLeft] = useState<string[]>([])
  const renew = () =>
    Promise.all(['plan', 'places', 'whereabouts'].map((k) => cache.invalidateQueries({ queryKey: [k] })))
  const send = (file: File | null) =>
    file &&
    void deed.run(async () => {
      const type = file.type || (file.name.toLowerCase().endsWith('.svg') ? 'image/svg+xml' : 'image/png')
      const sent = await ask<PlanSent>(path + '/drawing', {
        method: 'PUT',
        body: new Blob([file]),
        type,
      })
      setLeft(sent.left)
      await renew()
      said(t('plan.drawingSent'))
    })
  return (
    <Stack gap={4} align="flex-end">
      <Group gap="xs">
        {plan.floor.plan && (
          <Button
            size="xs"
            variant="subtle"
            color="red"
            loading={deed.busy}
            onClick={() => void deed.run(() => ask(path + '/drawing', { method: 'DELETE' }).then(renew))}>
            {t('plan.dropDrawing')}
          </Button>
        )}
        <FileButton accept="image/svg+xml,image/png,image/jpeg,.svg,.png,.jpg,.jpeg" onChange={send}>
          {(props) => (
            <Button
              {...props}
              size="xs"
              variant={plan.floor.plan ? 'default' : 'filled'}
              loading={deed.busy}
              leftSection={<IconUpload size={15} aria-hidden />}>
              {t(plan.floor.plan ? 'plan.newDrawing' : 'plan.sendDrawing')}
            </Button>
          )}
        </FileButton>
      </Group>
      {deed.error !== undefined && (
        <Text size="xs" c="red" role="alert">
          {errorText(deed.error, t)}
        </Text>
      )}
      {left.length > 0 && (
        <Text size="xs" role="status">
          {t('plan.left', { names: left.join(', ') })}
        </Text>
      )}
    </Stack>
  )
}

interface Placing {
  plan: FloorPlan
  draft: Draft
  put: (item: Item, to: Point | Area | undefined) => void
}

// The plan with what is placed. Arrow keys move what is in focus, with Shift in larger steps, with
// Alt they resize a room; Delete takes it off.
function Sheet({ plan, draft, put }: Placing) {
  const { t } = useT()
  const box = useRef<HTMLDivElement>(null)
  const from = useRef<{ x: number; y: number; area?: Area; corner: boolean } | undefined>(undefined)
  const here = (e: PointerEvent) => pointAt(box.current!.getBoundingClientRect(), e.clientX, e.clientY)
  const keys = (item: Item, at: Point | Area) => (e: KeyboardEvent) => {
    if (e.key === 'Delete' || e.key === 'Backspace') {
      e.preventDefault()
      return put(item, undefined)
    }
    const step = stepOf(e.key, e.shiftKey)
    if (!step) return
    e.preventDefault()
    if (item.kind === 'devices') put(item, movePoint(at, step.x, step.y))
    else put(item, (e.altKey ? resizeArea : moveArea)(at as Area, step.x, step.y))
  }
  const drag = (item: Item, area?: Area, corner = false) => ({
    onPointerDown: (e: PointerEvent) => {
      e.stopPropagation()
      e.currentTarget.setPointerCapture(e.pointerId)
      from.current = { ...here(e), area, corner }
    },
    onPointerMove: (e: PointerEvent) => {
      const f = from.current
      if (!f || !e.currentTarget.hasPointerCapture(e.pointerId)) return
      const to = here(e)
      if (!f.area) return put(item, to)
      put(item, (f.corner ? resizeArea : moveArea)(f.area, to.x - f.x, to.y - f.y))
    },
    onPointerUp: () => {
      from.current = undefined
    },
    onPointerCancel: () => {
      from.current = undefined
    },
  })
  return (
    <PlanBox floor={plan.floor} box={box}>
      {plan.rooms.map((r) => {
        const area = draft.rooms[r.id]
        const item: Item = { kind: 'rooms', id: r.id }
        return (
          area && (
            <div
              key={r.id}
              role="button"
              tabIndex={0}
              className="plan-room"
              data-editing
              data-room={r.id}
              style={areaStyle(area)}
              aria-label={t('plan.room', { name: r.name })}
              onKeyDown={keys(item, area)}
              {...drag(item, area)}>
              <span>{r.name}</span>
              <i className="plan-corner" aria-hidden {...drag(item, area, true)} />
            </div>
          )
        )
      })}
      {plan.devices.map((d) => {
        const spot = draft.devices[d.id]
        const item: Item = { kind: 'devices', id: d.id }
        return (
          spot && (
            <button
              key={d.id}
              type="button"
              className="plan-dot"
              data-editing
              data-device={d.id}
              data-state={d.state}
              data-type={d.type}
              style={spotStyle(spot)}
              aria-label={d.name || d.id}
              title={d.name || d.id}
              onKeyDown={keys(item, spot)}
              {...drag(item)}>
              <DotFace d={d} />
            </button>
          )
        )
      })}
    </PlanBox>
  )
}

// What is not placed: a click puts it into the middle, a drag where it is dropped.
function Loose({ plan, draft, put }: Placing) {
  const { t } = useT()
  const rooms = plan.rooms.filter((r) => !draft.rooms[r.id])
  const devices = plan.devices.filter((d) => !draft.devices[d.id])
  const [placed, setPlaced] = useState('')
  useEffect(() => {
    if (!placed) return
    document
      .querySelector<HTMLElement>(`.plan [data-device="${placed}"], .plan [data-room="${placed}"]`)
      ?.focus()
    setPlaced('')
  }, [placed])
  const place = (item: Item, at: Point) => {
    put(item, item.kind === 'rooms' ? newRoom(at) : at)
    setPlaced(item.id)
  }
  if (!plan.floor.plan) return null
  return (
    <div>
      <Panel title={t('plan.looseRooms')}>
        <LooseList items={rooms.map((r) => ({ kind: 'rooms', id: r.id, name: r.name }))} place={place} />
        {rooms.length === 0 && (
          <Text size="sm">{t(plan.rooms.length ? 'plan.allPlaced' : 'plan.noRooms')}</Text>
        )}
      </Panel>
      <Panel title={t('plan.looseDevices')}>
        <LooseList items={devices.map((d) => ({ kind: 'devices', id: d.id, name: d.name }))} place={place} />
        {devices.length === 0 && (
          <Text size="sm">{t(plan.devices.length ? 'plan.allPlaced' : 'plan.noDevices')}</Text>
        )}
      </Panel>
    </div>
  )
}

function LooseList(p: { items: (Item & { name: string })[]; place: (item: Item, at: Point) => void }) {
  const { t } = useT()
  const dropped = useRef(false)
  return (
    <ul className="plan-list">
      {p.items.map((x) => (
        <li key={x.id}>
          <button
            type="button"
            className="plan-loose"
            data-loose={x.id}
            aria-label={t('plan.place', { name: x.name || x.id })}
            onClick={() => {
              if (!dropped.current) p.place(x, { x: 0.5, y: 0.5 })
              dropped.current = false
            }}
            onPointerDown={(e) => {
              dropped.current = false
              e.currentTarget.setPointerCapture(e.pointerId)
            }}
            onPointerUp={(e) => {
              const sheet = document.querySelector('.plan')?.getBoundingClientRect()
              if (!sheet || !over(sheet, e.clientX, e.clientY)) return
              dropped.current = true // the click that follows places nothing
              p.place(x, pointAt(sheet, e.clientX, e.clientY))
            }}>
            {x.name || x.id}
          </button>
        </li>
      ))}
    </ul>
  )
}
