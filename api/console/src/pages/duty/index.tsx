// Who is on duty: now, and over a week; the holes in red; the chains that call them.

import { Alert, Button, Group } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client'
import type { Duty, DutyPlan, DutyRota, Rota } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useNow, useSchoolParam, useSession } from '../../session'
import { dayIn } from '../../lib/format'
import { useAddress, useOpen } from '../../ui/address'
import { Empty, Loaded, Page, Panel, Tag } from '../../ui/kit'
import { Chains } from './chains'
import { hoursOf } from './holes'
import { OverrideDialog } from './override'
import { RotaDialog } from './rota'
import { Strip } from './strip'
import { Week } from './weekpicture'
import { bounds, mondayOf, plus, weekOf } from './week'

export function DutyPage() {
  const { t } = useT()
  const { can, school } = useSession()
  const at = useAddress()
  const schoolID = useSchoolParam()
  const now = useNow(30_000)
  const monday = at.get('week') || weekOf(school.timezone, now)
  const [rotaID, openRota, closeRota] = useOpen('rota')
  const [swap, openSwap, closeSwap] = useOpen('swap')
  const iso = (day: string) => new Date(bounds(school.timezone, day)[0]).toISOString()
  const duty = useQuery({
    queryKey: ['duty', schoolID],
    queryFn: () => call('/v1/duty', { query: { school: schoolID } }),
    refetchInterval: 60_000,
  })
  const plan = useQuery({
    queryKey: ['duty', 'plan', schoolID, monday],
    queryFn: () =>
      call('/v1/duty/plan', { query: { school: schoolID, from: iso(monday), to: iso(plus(monday, 7)) } }),
  })
  const first = weekOf(school.timezone, now)
  const ahead = useQuery({
    queryKey: ['duty', 'plan', schoolID, first, strip],
    queryFn: () =>
      call('/v1/duty/plan', { query: { school: schoolID, from: iso(first), to: iso(plus(first, strip)) } }),
  })
  const rotas = useQuery({
    queryKey: ['rotas', schoolID],
    queryFn: () => call('/v1/rotas', { query: { school: schoolID } }),
  })
  const may = can('settings:write')
  const edited = rotas.data?.items?.find((r) => r.id === rotaID)
  return (
    <Page
      title={t('nav.duty')}
      sub={t('duty.sub')}
      actions={
        may && (
          <Button size="xs" onClick={() => openRota('new')}>
            {t('duty.addRota')}
          </Button>
        )
      }>
      <Panel title={t('duty.now')}>
        <Loaded q={duty}>{(d) => <Now d={d} />}</Loaded>
      </Panel>
      {ahead.data && ahead.data.rotas.length > 0 && (
        <Panel title={t('duty.fourWeeks')}>
          <Ahead
            plan={ahead.data}
            first={first}
            now={now}
            onDay={(day) => at.put('week', mondayOf(day) === first ? null : mondayOf(day))}
          />
        </Panel>
      )}
      <Panel
        title={t('duty.week')}
        actions={<WeekPicker monday={monday} onChange={(m) => at.put('week', m)} />}>
        <Loaded q={plan}>
          {(p) =>
            p.rotas.length ? (
              <Week
                plan={p}
                monday={monday}
                now={now}
                onSpan={openSwap}
                onRota={may ? openRota : undefined}
              />
            ) : (
              <Empty title={t('duty.none')} hint={t('duty.noneHint')} />
            )
          }
        </Loaded>
      </Panel>
      <Chains rotas={(rotas.data?.items ?? []) as Rota[]} />
      {rotaID === 'new' && may && <RotaDialog onClose={closeRota} />}
      {edited && may && <RotaDialog key={edited.id} r={edited} onClose={closeRota} />}
      {swap && plan.data && <OverrideDialog key={swap} at={swap} plan={plan.data} onClose={closeSwap} />}
    </Page>
  )
}

const strip = 28 // days ahead in which holes are shown

// The holes of four weeks: a strip of days for each rota.
function Ahead({
  plan,
  first,
  now,
  onDay,
}: {
  plan: DutyPlan
  first: string
  now: number
  onDay: (day: string) => void
}) {
  const { t } = useT()
  const f = useFormat()
  const { school } = useSession()
  return (
    <div className="duty-ahead">
      {plan.rotas.map((r) => {
        const holes = r.spans
          .filter((s) => s.hole && Date.parse(s.to) > now)
          .map((s) => ({ from: new Date(Math.max(now, Date.parse(s.from))).toISOString(), to: s.to }))
        const hours = hoursOf(holes)
        const name = f.local(r.name, r.name_zh)
        return (
          <section key={r.rota}>
            <h3>
              {name}{' '}
              <span className="duty-hint">
                {holes.length
                  ? t('duty.holeHours', { hours: f.number(Math.round(hours * 10) / 10) })
                  : t('duty.noHole')}
              </span>
            </h3>
            <Strip
              holes={holes}
              first={first}
              days={strip}
              label={name}
              today={dayIn(school.timezone, now)}
              onDay={onDay}
            />
          </section>
        )
      })}
    </div>
  )
}

function WeekPicker({ monday, onChange }: { monday: string; onChange: (m: string | null) => void }) {
  const { t, lang } = useT()
  const day = (d: string) =>
    new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(
      Date.parse(d + 'T12:00:00Z'),
    )
  return (
    <Group gap={4} wrap="nowrap">
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t('duty.before')}
        onClick={() => onChange(plus(monday, -7))}>
        <IconChevronLeft size={14} />
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => onChange(null)}>
        {day(monday)} – {day(plus(monday, 6))}
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t('duty.after')}
        onClick={() => onChange(plus(monday, 7))}>
        <IconChevronRight size={14} />
      </Button>
    </Group>
  )
}

function Now({ d }: { d: Duty }) {
  const { t } = useT()
  return (
    <>
      {d.uncovered.length > 0 && (
        <Alert color="red" mb="sm">
          {t('duty.uncovered', { what: d.uncovered.map((s) => t('severity.' + s)).join(', ') })}
        </Alert>
      )}
      {d.rotas.length === 0 ? (
        <Empty title={t('duty.none')} hint={t('duty.noneHint')} />
      ) : (
        <ul className="duty-now">
          {d.rotas.map((r) => (
            <NowRota key={r.rota} r={r} />
          ))}
        </ul>
      )}
    </>
  )
}

function NowRota({ r }: { r: DutyRota }) {
  const { t } = useT()
  const f = useFormat()
  const names = (all: DutyRota['people']) => all.map((p) => p.name).join(', ') || t('duty.nobody')
  return (
    <li data-hole={r.hole || undefined}>
      <strong>{f.local(r.name, r.name_zh)}</strong>
      <span className="duty-who">
        {r.people.length === 0 && <Tag tone="red">{t('duty.nobody')}</Tag>}
        {r.people.map((p) => (
          <span key={p.id}>
            {p.name} {!p.able && <Tag tone="red">{t('duty.noRights')}</Tag>}
          </span>
        ))}
      </span>
      {r.until && (
        <span className="duty-then">{t('duty.until', { at: f.short(r.until), who: names(r.next) })}</span>
      )}
    </li>
  )
}
