// A time in a table or a line. It does not wrap: the current year is omitted, and the full time is
// in the tooltip.

import { timeOf } from '../lib/format'
import { useFormat } from '../session'

export function When({ at, seconds, clock }: { at?: string; seconds?: boolean; clock?: boolean }) {
  const f = useFormat()
  if (timeOf(at) === undefined) return <>–</>
  return (
    <time className="when" dateTime={at} title={f.moment(at, true)}>
      {clock ? f.clock(at, seconds ?? true) : f.short(at, seconds)}
    </time>
  )
}
