// A floor's plan: the drawing with rooms and devices over it. The drawing comes from outside; it is
// only ever shown as an image, which neither runs nor loads anything.

import { IconCamera } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type CSSProperties, type ReactNode, type Ref } from 'react'
import { Link } from 'react-router'
import { picture } from '../api/client'
import type { DeviceState, DeviceType, Floor, FloorPlan, Severity } from '../api/types'
import { useT } from '../i18n'
import { percent, type Area, type Point } from '../lib/plan'
import { useSession } from '../session'

/** The address of a floor's drawing in this page; '' until it is there. */
function useDrawing(floor: Floor): { src: string; failed: boolean } {
  const name = floor.plan?.picture ?? ''
  const q = useQuery({
    queryKey: ['drawing', floor.id, name],
    queryFn: ({ signal }) => picture(`/v1/floors/${encodeURIComponent(floor.id)}/drawing`, signal),
    enabled: name !== '',
    staleTime: Infinity, // another drawing has another name
  })
  const [src, setSrc] = useState('')
  useEffect(() => {
    if (!q.data) return
    const url = URL.createObjectURL(q.data)
    setSrc(url)
    return () => URL.revokeObjectURL(url)
  }, [q.data])
  return { src, failed: q.isError }
}

/** The drawing, with what is laid over it. */
export function PlanBox(p: {
  floor: Floor
  children: ReactNode
  zoom?: number
  small?: boolean
  box?: Ref<HTMLDivElement>
}) {
  const { t } = useT()
  const drawing = useDrawing(p.floor)
  const ratio = p.floor.plan ? p.floor.plan.width / p.floor.plan.height : 4 / 3
  const style = { '--ratio': ratio, '--zoom': p.zoom ?? 1 } as CSSProperties
  return (
    <div className="plan-scroll" data-small={p.small || undefined} style={style}>
      <div className="plan" ref={p.box}>
        {drawing.src && (
          <img src={drawing.src} alt={t('plan.drawingOf', { name: p.floor.name })} draggable={false} />
        )}
        {drawing.failed && <div className="plan-note">{t('plan.noDrawing')}</div>}
        {p.children}
      </div>
    </div>
  )
}

export const areaStyle = (a: Area): CSSProperties => ({
  left: percent(a.x),
  top: percent(a.y),
  width: percent(a.w),
  height: percent(a.h),
})
export const spotStyle = (s: Point): CSSProperties => ({ left: percent(s.x), top: percent(s.y) })

export function Room(p: {
  name: string
  area: Area
  alarm?: Severity
  marked?: boolean
  shown?: boolean // scrolled to
}) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (p.shown) box.current?.scrollIntoView({ block: 'center', inline: 'center' })
  }, [p.shown])
  return (
    <div
      ref={box}
      className="plan-room"
      style={areaStyle(p.area)}
      data-alarm={p.alarm}
      data-marked={p.marked || undefined}>
      <span>{p.name}</span>
    </div>
  )
}

interface Dot {
  id: string
  name: string
  type?: DeviceType
  state?: DeviceState
}

export function DotFace({ d }: { d: Dot }) {
  return d.type === 'camera' ? <IconCamera size={13} aria-hidden /> : null
}

function PlanDot(p: { d: Dot; spot: Point; alarm?: Severity; marked?: boolean }) {
  const { t } = useT()
  const { can } = useSession()
  const said = [
    p.d.name,
    p.d.state && t('deviceState.' + p.d.state),
    p.alarm && t('plan.alarm', { severity: t('severity.' + p.alarm) }),
  ]
    .filter(Boolean)
    .join(' · ')
  const to = p.d.type === 'camera' && can('camera:view') ? `/cameras/${p.d.id}` : `/fleet/${p.d.id}`
  return (
    <Link
      to={to}
      className="plan-dot"
      style={spotStyle(p.spot)}
      data-device={p.d.id}
      data-state={p.d.state}
      data-type={p.d.type}
      data-alarm={p.alarm}
      data-marked={p.marked || undefined}
      aria-label={said}
      title={said}>
      <DotFace d={p.d} />
    </Link>
  )
}

export interface Alarms {
  devices: Map<string, Severity>
  zones: Map<string, Severity>
}

/** A whole floor, as guards see it. */
export function PlanView(p: {
  plan: FloorPlan
  alarms: Alarms
  zoom: number
  room?: string // marked, and scrolled to
  device?: string
}) {
  return (
    <PlanBox floor={p.plan.floor} zoom={p.zoom}>
      {p.plan.rooms.map(
        (r) =>
          r.area && (
            <Room
              key={r.id}
              name={r.name}
              area={r.area}
              alarm={p.alarms.zones.get(r.id)}
              marked={r.id === p.room}
              shown={r.id === p.room}
            />
          ),
      )}
      {p.plan.devices.map(
        (d) =>
          d.spot && (
            <PlanDot
              key={d.id}
              d={d}
              spot={d.spot}
              alarm={p.alarms.devices.get(d.id)}
              marked={d.id === p.device}
            />
          ),
      )}
    </PlanBox>
  )
}

/** A floor with one room and one device marked. */
export function PlanMark(p: {
  floor: Floor
  room: string
  area?: Area
  device?: Dot
  spot?: Point
  severity?: Severity
}) {
  return (
    <PlanBox floor={p.floor} small>
      {p.area && <Room name={p.room} area={p.area} alarm={p.severity} marked />}
      {p.spot && p.device && <PlanDot d={p.device} spot={p.spot} alarm={p.severity} marked />}
    </PlanBox>
  )
}
