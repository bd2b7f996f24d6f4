// A moment in a table or a line. It never breaks over lines: a year that is this one is left
// out, and the whole of it is told to whoever points at it.

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
