// Formats the API's values for people. Pure: language, zone and current time are arguments.

import type { Property, Value } from '../api/types'

/** A time in ms; undefined if it is unset, which Go writes as year 1. */
export function timeOf(s: string | undefined): number | undefined {
  if (!s || s.startsWith('0001-')) return undefined
  const t = Date.parse(s)
  return Number.isNaN(t) ? undefined : t
}

export interface Style {
  lang: string
  zone: string
}

function part(s: Style, o: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(s.lang, { ...o, timeZone: s.zone || 'UTC', hourCycle: 'h23' })
  } catch {
    return new Intl.DateTimeFormat(s.lang, { ...o, timeZone: 'UTC', hourCycle: 'h23' })
  }
}

/** "08:05:09" in the school's time zone; "–" for never. */
export function clock(s: Style, iso: string | undefined, seconds = true): string {
  const t = timeOf(iso)
  if (t === undefined) return '–'
  return part(s, { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) }).format(t)
}

/** Date and time in the school's time zone; "–" for never. */
export function moment(s: Style, iso: string | undefined, seconds = false): string {
  const t = timeOf(iso)
  if (t === undefined) return '–'
  const o: Intl.DateTimeFormatOptions = {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }
  return part(s, seconds ? { ...o, second: '2-digit' } : o).format(t)
}

/** The same, without the current year. */
export function short(s: Style, iso: string | undefined, now: number, seconds = false): string {
  const t = timeOf(iso)
  if (t === undefined) return '–'
  if (dayIn(s.zone, t).slice(0, 4) !== dayIn(s.zone, now).slice(0, 4)) return moment(s, iso, seconds)
  const o: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }
  return part(s, seconds ? { ...o, second: '2-digit' } : o).format(t)
}

/** The local day, YYYY-MM-DD, at t (ms) in a zone. */
export function dayIn(zone: string, t: number): string {
  return part({ lang: 'en-CA', zone }, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(t)
}

/** The day, YYYY-MM-DD, some days after another, or before it. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day + 'T12:00:00Z') + days * 86_400_000).toISOString().slice(0, 10)
}

/** "12 s", "4 min", "3 h", "2 d": an age, never negative. */
export function age(ms: number, unit: (u: 's' | 'min' | 'h' | 'd', n: number) => string): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return unit('s', s)
  if (s < 3600) return unit('min', Math.floor(s / 60))
  if (s < 86400) return unit('h', Math.floor(s / 3600))
  return unit('d', Math.floor(s / 86400))
}

const units: Record<string, string> = {
  Cel: '°C',
  'kW.h': 'kWh',
  '[ppm]': 'ppm',
  'm/s': 'm/s',
  'ug/m3': 'µg/m³',
  Ohm: 'Ω',
  deg: '°',
  '1': '',
  '1/s': '/s',
}

/** A UCUM unit as people write it. */
export function unitText(u: string | undefined): string {
  if (!u) return ''
  const said = u.replace(/\{[^}]*\}/g, '') // annotations are not part of the unit
  return units[said] ?? said
}

/** A value with its unit: "21.5 °C", "yes", "open". */
export function valueText(
  v: Value | undefined,
  p: Pick<Property, 'unit'> | undefined,
  lang: string,
  yes: string,
  no: string,
): string {
  if (v === null || v === undefined) return '–'
  if (typeof v === 'boolean') return v ? yes : no
  if (typeof v === 'string') return v === '' ? '–' : v
  const n = new Intl.NumberFormat(lang, { maximumFractionDigits: Math.abs(v) < 10 ? 2 : 1 }).format(v)
  const u = unitText(p?.unit)
  if (!u) return n
  return u === '%' || u === '°' ? n + u : `${n} ${u}`
}

/** "1.2 GB", in decimal units as for disks. */
export function bytes(n: number, lang: string): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let i = 0
  while (n >= 1000 && i < names.length - 1) {
    n /= 1000
    i++
  }
  return `${new Intl.NumberFormat(lang, { maximumFractionDigits: i > 2 ? 1 : 0 }).format(n)} ${names[i]}`
}

/** The Chinese text, if the language is Chinese and there is one. */
export function local(lang: string, en: string | undefined, zh: string | undefined): string {
  return (lang.startsWith('zh') && zh) || en || zh || ''
}

/**
 * The instant of a local time ("2026-03-01T08:00"). Times skipped by a clock change move forward.
 */
export function instantIn(zone: string, wall: string): string {
  const guess = Date.parse(wall + (wall.length === 16 ? ':00' : '') + 'Z')
  if (Number.isNaN(guess)) return ''
  let t = guess
  for (let i = 0; i < 2; i++) t = guess - offset(zone, t)
  return new Date(t).toISOString().replace('.000Z', 'Z')
}

/** The local time of an instant, for a datetime-local field. */
export function wallIn(zone: string, iso: string | undefined): string {
  const t = timeOf(iso)
  return t === undefined ? '' : new Date(t + offset(zone, t)).toISOString().slice(0, 16)
}

function offset(zone: string, t: number): number {
  const p: Record<string, number> = {}
  const f = part(
    { lang: 'en-US', zone },
    {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    },
  )
  for (const x of f.formatToParts(t)) p[x.type] = Number(x.value)
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(t / 1000) * 1000
}

/** A month, YYYY-MM, in words. */
export function month(lang: string, name: string): string {
  const at = new Date(name + '-15T12:00:00Z')
  return new Intl.DateTimeFormat(lang, { year: 'numeric', month: 'long', timeZone: 'UTC' }).format(at)
}
