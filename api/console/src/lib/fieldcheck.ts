// Validates input for a driver's field by the same rules as the gateway, for immediate errors in
// the user's language.

import type { Field } from '../api/types'

/** A text key with its values; undefined: valid. */
export interface Wrong {
  key: string
  values?: Record<string, string | number>
}

const bounded = (f: Field) => (f.min ?? 0) !== 0 || (f.max ?? 0) !== 0
const out = (f: Field, n: number) => bounded(f) && (n < (f.min ?? 0) || n > (f.max ?? 0))
const isPort = (s: string) => /^\d{1,5}$/.test(s) && Number(s) >= 1 && Number(s) <= 65535

const units: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }

/** A Go duration such as 500ms or 1h30m in seconds; NaN if invalid. */
export function seconds(s: string): number {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(s)) return NaN
  return [...s.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)].reduce(
    (sum, m) => sum + Number(m[1]) * units[m[2]],
    0,
  )
}

function wrongURL(f: Field, v: string): Wrong | undefined {
  const m = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(v)
  const like = `${f.options?.[0] ?? 'https'}://`
  if (!m || (m[2] === '' && m[3] === '')) return { key: 'url', values: { like } }
  if (f.options?.length && !f.options.includes(m[1].toLowerCase()))
    return { key: 'scheme', values: { list: f.options.map((o) => o + '://').join(', ') } }
  if (m[2].includes('@')) return { key: 'userinfo' }
  const port = /:(\d*)$/.exec(m[2].replace(/^\[[^\]]*\]/, ''))?.[1]
  return port !== undefined && !isPort(port) ? { key: 'port' } : undefined
}

function wrongHost(f: Field, v: string): Wrong | undefined {
  if (v.includes('://')) return wrongURL(f, v)
  const m = /^(\[[0-9a-f:.]+\]|[^\s/:@?#]+)(?::(\d+))?$/i.exec(v)
  if (m) return m[2] !== undefined && !isPort(m[2]) ? { key: 'port' } : undefined
  return /^[0-9a-f:.]+$/i.test(v) && v.split(':').length > 2 ? undefined : { key: 'host' }
}

export function wrongField(f: Field, value: string): Wrong | undefined {
  const v = value.trim()
  if (v === '') return undefined // required fields are checked by the form
  switch (f.kind) {
    case 'port':
      return isPort(v) ? undefined : { key: 'port' }
    case 'int':
      if (!/^[+-]?\d+$/.test(v)) return { key: 'int' }
      return out(f, Number(v)) ? { key: 'range', values: { min: f.min ?? 0, max: f.max ?? 0 } } : undefined
    case 'duration': {
      const n = seconds(v)
      if (Number.isNaN(n)) return { key: 'duration' }
      return out(f, n) ? { key: 'rangeSeconds', values: { min: f.min ?? 0, max: f.max ?? 0 } } : undefined
    }
    case 'choice':
      return f.options?.includes(v) ? undefined : { key: 'choice' }
    case 'network':
      return /^([0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*)(\/\d{1,3})?$/i.test(v) ? undefined : { key: 'network' }
    case 'url':
      return wrongURL(f, v)
    case 'host':
      return wrongHost(f, v)
    default:
      return undefined
  }
}
