// Days as a strip: a bar for each, red where nobody is on duty.

import { useT } from '../../i18n'
import { useFormat, useSession } from '../../session'
import { pieces, plus } from './week'

interface Hole {
  from: string
  to: string
}

interface Props {
  holes: readonly Hole[]
  first: string // YYYY-MM-DD
  days: number
  label: string
  today?: string // days before it are over
  onDay?: (day: string) => void
}

export function Strip({ holes, first, days, label, today = first, onDay }: Props) {
  const all = Array.from({ length: days }, (_, n) => plus(first, n))
  return (
    <div className="duty-strip" role={onDay ? 'group' : 'list'} aria-label={label}>
      {all.map((day) => (
        <StripDay key={day} day={day} over={day < today} holes={holes} onDay={onDay} />
      ))}
    </div>
  )
}

interface DayProps {
  day: string
  over: boolean
  holes: readonly Hole[]
  onDay?: Props['onDay']
}

function StripDay({ day, over, holes, onDay }: DayProps) {
  const { t, lang } = useT()
  const f = useFormat()
  const { school } = useSession()
  const at = Date.parse(day + 'T12:00:00Z')
  const say = (o: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(lang, { ...o, timeZone: 'UTC' }).format(at)
  const mine = pieces(holes, school.timezone, day)
  const whole = mine.some((p) => p.from === 0 && p.to === 1)
  const when = whole
    ? t('duty.allDay')
    : mine
        .map((p) => `${f.clock(p.begins, false)}–${p.to === 1 ? '24:00' : f.clock(p.ends, false)}`)
        .join(', ')
  const title =
    say({ weekday: 'short', day: 'numeric', month: 'short' }) +
    (over ? '' : `: ${mine.length ? `${when} ${t('duty.nobody')}` : t('duty.covered')}`)
  const inside = (
    <>
      <span className="duty-strip-bar">
        {mine.map((p) => (
          <i key={p.from} style={{ left: `${p.from * 100}%`, width: `${(p.to - p.from) * 100}%` }} />
        ))}
      </span>
      <small aria-hidden>{Number(day.slice(8))}</small>
    </>
  )
  const shown = { className: 'duty-strip-day', 'data-over': over || undefined, title, 'aria-label': title }
  if (!onDay)
    return (
      <span role="listitem" {...shown}>
        {inside}
      </span>
    )
  return (
    <button type="button" {...shown} onClick={() => onDay(day)}>
      {inside}
    </button>
  )
}
