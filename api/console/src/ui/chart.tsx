// A small chart of one property, from the telemetry store.

import { Text, useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import uPlot from 'uplot'
import { call, query } from '../api/client'
import { useT } from '../i18n'
import { Trouble } from './kit'
import { useSession } from '../session'

interface RangeAnswer {
  data?: { result?: { values?: [number, string][] }[] }
}

/** The name of a property's metric: "gatehouse_" and the property in letters, digits and '_'. */
export function metric(property: string): string {
  return 'gatehouse_' + property.replace(/[^A-Za-z0-9_]/g, '_')
}

/** A PromQL string literal. */
export function literal(s: string): string {
  return '"' + s.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') + '"'
}

/** Converts a range result to uPlot's columns, with a gap after three steps without a value. */
export function columns(a: RangeAnswer, step: number): [number[], (number | null)[]] {
  const xs: number[] = []
  const ys: (number | null)[] = []
  // A device that moved to another zone has several series; they follow one another.
  const all = (a.data?.result ?? []).flatMap((r) => r.values ?? []).sort((p, q) => p[0] - q[0])
  for (const [x, text] of all) {
    const y = Number(text)
    if (!Number.isFinite(y)) continue
    const last = xs.at(-1)
    if (last !== undefined && x === last) continue
    if (last !== undefined && x - last > 3 * step) {
      xs.push(last + step)
      ys.push(null)
    }
    xs.push(x)
    ys.push(y)
  }
  return [xs, ys]
}

const gap = 16 // px for ticks and margins besides the longest label

/** The width of an axis that fits its longest label. */
export function axisWidth(labels: string[] | null, measure: (label: string) => number): number {
  return Math.ceil(Math.max(48 - gap, ...(labels ?? []).map(measure)) + gap)
}

// uPlot measures fonts and text in device pixels and expects CSS pixels.
const wideEnough: uPlot.Axis.Size = (u, labels, axis) => {
  const font = u.axes[axis].font as unknown
  u.ctx.save()
  u.ctx.font = String(Array.isArray(font) ? font[0] : font)
  const width = axisWidth(labels, (l) => u.ctx.measureText(l).width / uPlot.pxRatio)
  u.ctx.restore()
  return width
}

export function Chart({
  device,
  property,
  title,
  unit,
  hours,
  boolean,
}: {
  device: string
  property: string
  title: string
  unit: string
  hours: number
  boolean?: boolean
}) {
  const { t } = useT()
  const { school } = useSession()
  const scheme = useComputedColorScheme('light')
  const { ref, width } = useElementSize()
  const host = useRef<HTMLDivElement>(null)
  const step = Math.max(5, Math.round((hours * 3600) / 360))
  const q = useQuery({
    queryKey: ['telemetry', device, property, hours],
    queryFn: ({ signal }) => {
      const end = Math.floor(Date.now() / 1000)
      return call(
        '/v1/telemetry/api/v1/query_range' +
          query({
            query: `${metric(property)}{device=${literal(device)}}`,
            start: end - hours * 3600,
            end,
            step,
          }),
        { signal },
      )
    },
    refetchInterval: Math.max(10_000, step * 1000),
  })
  const data = useMemo(() => (q.data ? columns(q.data, step) : undefined), [q.data, step])
  useEffect(() => {
    if (!host.current || !data || data[0].length === 0 || width < 50) return
    const css = getComputedStyle(document.documentElement)
    const ink = css.getPropertyValue('--mantine-color-dimmed').trim()
    const line = css.getPropertyValue('--blue').trim()
    const grid = css.getPropertyValue('--line').trim()
    const axis = {
      stroke: ink,
      grid: { stroke: grid, width: 1 },
      ticks: { stroke: grid, width: 1 },
      font: '11px system-ui',
    }
    const now = Date.now() / 1000
    const plot = new uPlot(
      {
        width,
        height: 150,
        tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), school.timezone || 'UTC'),
        legend: { show: false },
        cursor: { y: false },
        scales: {
          x: { range: [now - hours * 3600, now] },
          ...(boolean ? { y: { range: [-0.1, 1.1] as [number, number] } } : {}),
        },
        axes: [
          { ...axis, values: '{HH}:{mm}' },
          { ...axis, size: wideEnough, space: 24, ...(boolean ? { splits: [0, 1] } : {}) },
        ],
        series: [
          {},
          {
            stroke: line,
            width: 1.5,
            fill: line + '22',
            points: { show: false },
            ...(boolean ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
          },
        ],
      },
      data as uPlot.AlignedData,
      host.current,
    )
    return () => plot.destroy()
  }, [data, width, scheme, hours, boolean, school.timezone])
  const ys = data?.[1].filter((y) => y !== null) ?? []
  const label = ys.length
    ? t('chart.label', {
        title,
        min: Math.min(...ys).toFixed(1),
        max: Math.max(...ys).toFixed(1),
        unit,
        hours,
      })
    : title
  return (
    <div className="chart-box" ref={ref}>
      <Text size="sm" fw={600}>
        {title}
        {unit && (
          <Text span c="dimmed" size="xs">
            {' '}
            {unit}
          </Text>
        )}
      </Text>
      {q.isError ? (
        <Trouble error={q.error} />
      ) : data && data[0].length === 0 ? (
        <Text size="sm" c="dimmed" py="md">
          {t('chart.none', { hours })}
        </Text>
      ) : (
        <div className="chart" ref={host} role="img" aria-label={label} />
      )}
    </div>
  )
}
