// A week's picture: spans of instants cut at the midnights of the school's time zone.

import { dayIn, instantIn } from '../../lib/format'

interface Times {
  from: string
  to: string
}

/**
 * A piece of a span within one day; from and to are parts of that day, 0 to 1, begins and ends the
 * instants.
 */
export interface Piece<S extends Times> {
  span: S
  from: number
  to: number
  begins: string
  ends: string
}

/** The day some days after another, both YYYY-MM-DD. */
export function plus(day: string, days: number): string {
  return new Date(Date.parse(day + 'T12:00:00Z') + days * 86400e3).toISOString().slice(0, 10)
}

/** The Monday on or before a day. */
export function mondayOf(day: string): string {
  const n = new Date(Date.parse(day + 'T12:00:00Z')).getUTCDay()
  return plus(day, -((n + 6) % 7))
}

/** The instants at which a local day begins and ends; it has 23 or 25 hours where the clock changes. */
export function bounds(zone: string, day: string): [number, number] {
  const at = (d: string) => Date.parse(instantIn(zone, d + 'T00:00'))
  return [at(day), at(plus(day, 1))]
}

/** The pieces of spans that lie in a day, in order. */
export function pieces<S extends Times>(spans: readonly S[], zone: string, day: string): Piece<S>[] {
  const [begin, end] = bounds(zone, day)
  return spans.flatMap((span) => {
    const from = Math.max(begin, Date.parse(span.from))
    const to = Math.min(end, Date.parse(span.to))
    if (from >= to) return []
    return [
      {
        span,
        from: (from - begin) / (end - begin),
        to: (to - begin) / (end - begin),
        begins: new Date(from).toISOString(),
        ends: new Date(to).toISOString(),
      },
    ]
  })
}

/** The Monday of the week in which an instant lies. */
export function weekOf(zone: string, t: number): string {
  return mondayOf(dayIn(zone, t))
}
