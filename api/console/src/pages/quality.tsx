// Data quality: schools by day, then the devices of one school.

import { Button, SegmentedControl, Select } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { Link, useSearchParams } from 'react-router'
import { qualityKinds, type DeviceQuality, type QualityDay, type QualityLevel } from '../api/types'
import { useT } from '../i18n'
import { dayIn } from '../lib/format'
import { useFormat, useSchoolParam, useSession } from '../session'
import { Empty, Page, Panel, Rows, Tag, type Tone } from '../ui/kit'
import { useAddress } from '../ui/address'
import { PagedList, usePaged } from '../ui/paged'

const tone: Record<QualityLevel, Tone> = { good: 'green', look: 'yellow', bad: 'red' }
const spans = ['2', '7', '30']

export function QualityPage() {
  const [params] = useSearchParams()
  return params.get('day') ? <Devices day={params.get('day')!} /> : <Days />
}

function Days() {
  const { t } = useT()
  const f = useFormat()
  const { school, schools } = useSession()
  const at = useAddress()
  const days = spans.includes(at.get('days')) ? at.get('days') : '2'
  const today = dayIn(school.timezone, Date.now())
  const list = usePaged(
    'quality',
    '/v1/quality',
    { school: useSchoolParam(), from: back(today, Number(days) - 1), to: today },
    { every: 30_000 },
  )
  const name = (id: string) => schools.find((s) => s.id === id)?.name ?? id
  const to = (d: QualityDay) => `/quality?${new URLSearchParams({ in: d.school, day: d.day, days })}`
  return (
    <Page
      title={t('nav.quality')}
      sub={t('quality.sub')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('quality.days')}
          value={days}
          onChange={(v) => at.put('days', v)}
          data={spans.map((n) => ({ value: n, label: t('quality.last' + n) }))}
        />
      }>
      <Panel flush label={t('nav.quality')}>
        <PagedList list={list} empty={<Empty title={t('quality.none')} hint={t('quality.noneHint')} />}>
          {(rows) => (
            <Rows
              label={t('nav.quality')}
              rows={rows}
              id={(d) => d.school + d.day}
              to={to}
              columns={[
                {
                  key: 'school',
                  label: t('quality.school'),
                  main: true,
                  cell: (d) => (
                    <Link to={to(d)}>
                      {name(d.school)}
                      <span className="quality-day">
                        {' '}
                        · <Day day={d.day} />
                      </span>
                    </Link>
                  ),
                },
                { key: 'verdict', label: t('quality.verdict'), cell: (d) => <Verdict d={d} /> },
                { key: 'why', label: t('quality.why'), cell: (d) => <Kinds d={d} /> },
                {
                  key: 'silent',
                  label: t('quality.silent'),
                  right: true,
                  cell: (d) => minutes(f.number, t, d.gap_seconds),
                },
                {
                  key: 'rejected',
                  label: t('quality.rejected'),
                  right: true,
                  cell: (d) => f.number(d.rejected + d.clock_refused),
                },
                {
                  key: 'replayed',
                  label: t('quality.replayed'),
                  right: true,
                  cell: (d) => f.number(d.replayed),
                },
                {
                  key: 'strangers',
                  label: t('quality.strangers'),
                  right: true,
                  cell: (d) => f.number(d.strangers),
                },
                {
                  key: 'observations',
                  label: t('quality.observations'),
                  right: true,
                  cell: (d) => f.number(d.observations),
                },
              ]}
            />
          )}
        </PagedList>
      </Panel>
    </Page>
  )
}

/** A number of days before a day, both YYYY-MM-DD. */
function back(day: string, days: number): string {
  return new Date(Date.parse(day + 'T12:00:00Z') - days * 86400e3).toISOString().slice(0, 10)
}

/** A day in local notation. */
function Day({ day }: { day: string }) {
  const { lang } = useT()
  return (
    <time dateTime={day}>
      {new Intl.DateTimeFormat(lang, {
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        timeZone: 'UTC',
      }).format(Date.parse(day + 'T12:00:00Z'))}
    </time>
  )
}

function Verdict({ d }: { d: QualityDay }) {
  const { t } = useT()
  const f = useFormat()
  if (d.bad + d.look === 0)
    return (
      <Tag tone="green" dot>
        {t('quality.allGood', { n: f.number(d.devices) })}
      </Tag>
    )
  return (
    <div className="tags">
      {d.bad > 0 && (
        <Tag tone="red" dot>
          {t('quality.bad', { n: f.number(d.bad), of: f.number(d.devices) })}
        </Tag>
      )}
      {d.look > 0 && (
        <Tag tone="yellow" dot>
          {t('quality.look', { n: f.number(d.look), of: f.number(d.devices) })}
        </Tag>
      )}
    </div>
  )
}

function Kinds({ d }: { d: QualityDay }) {
  const { t } = useT()
  const f = useFormat()
  const found = qualityKinds.filter((k) => d.kinds[k])
  if (found.length === 0) return <>–</>
  return (
    <div className="tags">
      {found.map((k) => (
        <Tag key={k}>
          {t('qualityKind.' + k)} {f.number(d.kinds[k]!)}
        </Tag>
      ))}
    </div>
  )
}

function minutes(number: (n: number) => string, t: ReturnType<typeof useT>['t'], seconds: number) {
  return seconds > 0 ? t('quality.minutes', { n: number(Math.ceil(seconds / 60)) }) : '–'
}

function Devices({ day }: { day: string }) {
  const { t } = useT()
  const f = useFormat()
  const { school, schools } = useSession()
  const at = useAddress()
  const id = at.get('in') || school.id
  const filter = { school: id, from: day, to: day, level: at.get('level'), kind: at.get('kind') }
  const list = usePaged('quality', '/v1/quality/devices', filter, { every: 30_000 })
  return (
    <Page
      title={t('nav.quality')}
      sub={
        <>
          {schools.find((s) => s.id === id)?.name ?? id} · <Day day={day} />
        </>
      }
      actions={
        <Button
          variant="default"
          size="xs"
          component={Link}
          to={`/quality?days=${at.get('days') || 2}`}
          leftSection={<IconArrowLeft size={16} />}>
          {t('quality.allDays')}
        </Button>
      }>
      <Panel flush label={t('quality.devices')}>
        <div className="filters">
          <Select
            clearable
            placeholder={t('quality.anyLevel')}
            aria-label={t('quality.verdict')}
            value={at.get('level') || null}
            onChange={(v) => at.put('level', v)}
            data={(['look', 'bad'] as const).map((l) => ({ value: l, label: t('quality.atLeast.' + l) }))}
          />
          <Select
            clearable
            placeholder={t('quality.anyKind')}
            aria-label={t('quality.why')}
            value={at.get('kind') || null}
            onChange={(v) => at.put('kind', v)}
            data={qualityKinds.map((k) => ({ value: k, label: t('qualityKind.' + k) }))}
          />
        </div>
        <PagedList
          list={list}
          empty={<Empty title={t('quality.noDevice')} hint={t('quality.noDeviceHint')} />}>
          {(rows) => (
            <Rows
              label={t('quality.devices')}
              rows={rows}
              id={(q) => q.device}
              columns={[
                {
                  key: 'name',
                  label: t('fleet.name'),
                  main: true,
                  cell: (q) => (q.name ? <Link to={`/fleet/${q.device}`}>{q.name}</Link> : q.device),
                },
                {
                  key: 'level',
                  label: t('quality.verdict'),
                  cell: (q) => (
                    <Tag tone={tone[q.level]} dot>
                      {t('qualityLevel.' + q.level)}
                    </Tag>
                  ),
                },
                { key: 'findings', label: t('quality.what'), cell: (q) => <Findings q={q} /> },
                { key: 'counts', label: t('quality.counts'), cell: (q) => <Counts q={q} /> },
                {
                  key: 'observations',
                  label: t('quality.observations'),
                  right: true,
                  cell: (q) => f.number(q.observations),
                },
              ]}
            />
          )}
        </PagedList>
      </Panel>
    </Page>
  )
}

function Findings({ q }: { q: DeviceQuality }) {
  const { t } = useT()
  const f = useFormat()
  if (q.findings.length === 0) return <>{t('quality.nothing')}</>
  return (
    <ul className="findings">
      {q.findings.map((x) => (
        <li key={x.kind} data-finding={x.kind}>
          <Tag tone={tone[x.level]}>{t('qualityKind.' + x.kind)}</Tag> {f.local(x.message, x.message_zh)}
        </li>
      ))}
    </ul>
  )
}

/** Counts that are not findings. */
function Counts({ q }: { q: DeviceQuality }) {
  const { t } = useT()
  const f = useFormat()
  const all: [string, string][] = []
  if (q.clock.count > 0 && Math.abs(q.clock_median_ms) >= 1000)
    all.push([
      t('quality.clock'),
      t('quality.seconds', { n: (q.clock_median_ms > 0 ? '+' : '') + f.number(q.clock_median_ms / 1000, 1) }),
    ])
  for (const k of ['gaps', 'late', 'duplicates', 'unknown', 'rejected', 'replayed', 'strangers'] as const) {
    const n = q[k] + (k === 'rejected' ? q.clock_refused : 0)
    if (n > 0) all.push([t('quality.' + k), f.number(n)])
  }
  if (all.length === 0) return <>–</>
  return (
    <div className="values">
      {all.map(([k, v]) => (
        <span key={k} className="value">
          <span>{k}</span> <b>{v}</b>
        </span>
      ))}
    </div>
  )
}
