// The picture of a week: a bar of 24 hours for each day and rota. A piece is a button that opens the
// form for a stand-in.

import { Anchor } from '@mantine/core'
import type { DutyPlan, DutyPlanRota, DutySpan } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSession } from '../../session'
import { bounds, pieces, plus, type Piece } from './week'

interface Props {
  plan: DutyPlan
  monday: string
  now: number
  onSpan: (key: string) => void // the rota and the beginning of the span
  onRota?: (id: string) => void
}

export function Week({ plan, monday, now, onSpan, onRota }: Props) {
  const f = useFormat()
  return (
    <div className="duty-weeks">
      {plan.rotas.map((r) => (
        <section key={r.rota} className="duty-week" aria-label={f.local(r.name, r.name_zh)}>
          <h3>
            {onRota ? (
              <Anchor component="button" onClick={() => onRota(r.rota)}>
                {f.local(r.name, r.name_zh)}
              </Anchor>
            ) : (
              f.local(r.name, r.name_zh)
            )}
          </h3>
          {[0, 1, 2, 3, 4, 5, 6].map((n) => (
            <Day key={n} r={r} day={plus(monday, n)} now={now} onSpan={onSpan} />
          ))}
        </section>
      ))}
    </div>
  )
}

function Day({
  r,
  day,
  now,
  onSpan,
}: {
  r: DutyPlanRota
  day: string
  now: number
  onSpan: Props['onSpan']
}) {
  const { lang } = useT()
  const { school } = useSession()
  const [from, to] = bounds(school.timezone, day)
  const name = new Intl.DateTimeFormat(lang, { weekday: 'short', day: 'numeric', timeZone: 'UTC' }).format(
    Date.parse(day + 'T12:00:00Z'),
  )
  return (
    <div className="duty-day">
      <span className="duty-date">{name}</span>
      <div className="duty-bar">
        {pieces(r.spans, school.timezone, day).map((p) => (
          <Block key={p.from} r={r} day={name} p={p} onSpan={onSpan} />
        ))}
        {from <= now && now < to && (
          <span
            className="duty-mark"
            style={{ left: `${((now - from) / (to - from)) * 100}%` }}
            aria-hidden
          />
        )}
      </div>
    </div>
  )
}

function Block({
  r,
  day,
  p,
  onSpan,
}: {
  r: DutyPlanRota
  day: string
  p: Piece<DutySpan>
  onSpan: Props['onSpan']
}) {
  const { t } = useT()
  const f = useFormat()
  const who = p.span.people.map((x) => x.name).join(', ') || t('duty.nobody')
  const unable = p.span.people.filter((x) => !x.able).map((x) => x.name)
  const time = `${f.clock(p.span.from, false)}–${f.clock(p.span.to, false)}`
  const label =
    `${day}, ${time}: ${who}` + (unable.length ? ` (${t('duty.noRights')}: ${unable.join(', ')})` : '')
  return (
    <button
      type="button"
      className="duty-block"
      data-hole={p.span.hole || undefined}
      data-hue={hue(p.span.people.map((x) => x.id).join())}
      style={{ left: `${p.from * 100}%`, width: `${(p.to - p.from) * 100}%` }}
      title={label}
      aria-label={label}
      onClick={() => onSpan(`${r.rota} ${p.span.from}`)}>
      {who}
    </button>
  )
}

/** One of six colours, the same for the same people. */
function hue(s: string): number {
  let n = 0
  for (const c of s) n = (n * 31 + c.charCodeAt(0)) % 6007
  return n % 6
}
