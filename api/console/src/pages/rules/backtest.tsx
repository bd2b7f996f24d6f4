// What a draft would have found in the last days, while the gateway looks and when it is done.

import { Alert, Button, Group, Progress, Select, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../../api/client'
import type { Alert as AlertRow, Backtest, BacktestFinding } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat } from '../../session'
import { Panel, Rows, Trouble, useDeed } from '../../ui/kit'
import { AlertTag, SeverityTag } from '../../ui/states'
import { When } from '../../ui/when'

const every = 700 // ms between two looks at one that runs

interface Props {
  text: string
  school?: string
  rule?: string // in force, whose alerts are shown beside what was found
  stale?: boolean // the text has changed since
  start?: boolean // at once
}

export function BacktestView({ text, school, rule, stale, start }: Props) {
  const { t } = useT()
  const deed = useDeed()
  const [days, setDays] = useState('7')
  const [id, setID] = useState<string>()
  const begun = useRef(false)
  const running = useRef<string>(undefined)
  const q = useQuery({
    queryKey: ['rule-backtest', id],
    enabled: !!id,
    queryFn: () => call(`/v1/rule-backtests/${id}`),
    refetchInterval: (x) => (x.state.data?.state === 'running' ? every : false),
  })
  const b = q.data
  running.current = b?.state === 'running' ? b.id : undefined
  const stop = (id: string) => call(`/v1/rule-backtests/${id}`, { method: 'DELETE' })
  const run = () =>
    deed.run(async () => {
      const body = { text, school, days: Number(days) }
      setID((await call('/v1/rule-backtests', { method: 'POST', body })).id)
    })
  useEffect(() => {
    if (!start || begun.current) return
    begun.current = true
    void run()
  })
  // Nobody waits for it any more.
  useEffect(
    () => () => {
      if (running.current) void stop(running.current).catch(() => {})
    },
    [],
  )
  const span = b ? Date.parse(b.to) - Date.parse(b.from) : 1
  const done = b?.reached ? (100 * (Date.parse(b.reached) - Date.parse(b.from))) / span : 0
  return (
    <Panel title={t('rules.past')}>
      <Stack gap="sm">
        <Group align="end">
          <Select
            label={t('rules.lookBack')}
            allowDeselect={false}
            value={days}
            onChange={(v) => setDays(v ?? '7')}
            data={['1', '7', '14', '31'].map((n) => ({
              value: n,
              label: t('rules.days', { count: Number(n) }),
            }))}
          />
          <Button loading={deed.busy} onClick={() => void run()}>
            {t('rules.look')}
          </Button>
          {b?.state === 'running' && (
            <Button variant="default" onClick={() => void stop(b.id).then(() => q.refetch())}>
              {t('rules.stop')}
            </Button>
          )}
        </Group>
        {stale && <Alert color="yellow">{t('rules.staleText')}</Alert>}
        {deed.error !== undefined && <Trouble error={deed.error} />}
        {q.error && <Trouble error={q.error} />}
        {b?.state === 'running' && <Progress value={done} aria-label={t('rules.progress')} />}
        {b && <Outcome b={b} rule={rule} />}
        {!b && !deed.busy && (
          <Text size="sm" c="dimmed">
            {t('rules.pastHelp')}
          </Text>
        )}
      </Stack>
    </Panel>
  )
}

function Outcome({ b, rule }: { b: Backtest; rule?: string }) {
  const { t } = useT()
  const f = useFormat()
  return (
    <>
      <Text role="status">
        <strong>{t(b.state === 'running' ? 'rules.soFar' : 'rules.wouldHave', { count: b.found })}</strong>{' '}
        {t('rules.readEvents', { n: f.number(b.events) })}
      </Text>
      {b.problem && (
        <Alert color="red" role="alert">
          {b.problem}
        </Alert>
      )}
      {b.cut && <Alert color="yellow">{t('rules.cut.' + b.cut)}</Alert>}
      {b.begins && Date.parse(b.begins) > Date.parse(b.from) + 3600_000 && (
        <Alert color="yellow">{t('rules.beginsAt', { at: f.moment(b.begins) })}</Alert>
      )}
      {b.findings.length > 0 && <Findings rows={b.findings} found={b.found} rule={rule} />}
      <Text size="xs" c="dimmed">
        {t('rules.ofNow')}
      </Text>
    </>
  )
}

const near = 60_000 // ms between what would be found and the alert that there was

function Findings({ rows, found, rule }: { rows: BacktestFinding[]; found: number; rule?: string }) {
  const { t } = useT()
  const f = useFormat()
  const alerts = useQuery({
    queryKey: ['alerts', 'of-rule', rule],
    enabled: !!rule,
    queryFn: () => call('/v1/alerts', { query: { rule, limit: 1000 } }),
  })
  const alertOf = (x: BacktestFinding) =>
    alerts.data?.items.find(
      (a) =>
        (a.device === x.device || (!x.device && a.zone === x.zone)) &&
        Math.abs(Date.parse(a.opened) - Date.parse(x.at)) < near,
    )
  return (
    <>
      <Rows
        label={t('rules.findings')}
        rows={rows}
        id={(x) => x.at + (x.device ?? '') + (x.zone ?? '')}
        columns={[
          { key: 'at', label: t('rules.when'), main: true, cell: (x) => <When at={x.at} seconds /> },
          { key: 'severity', label: t('rules.severity'), cell: (x) => <SeverityTag s={x.severity} /> },
          {
            key: 'device',
            label: t('rules.device'),
            cell: (x) =>
              x.device ? (
                <Link to={'/fleet/' + encodeURIComponent(x.device)}>{x.device_name || x.device}</Link>
              ) : (
                '–'
              ),
          },
          { key: 'zone', label: t('rules.zone'), cell: (x) => x.zone_name ?? x.zone ?? '–' },
          { key: 'long', label: t('rules.howLong'), cell: (x) => <Long x={x} /> },
          {
            key: 'values',
            label: t('rules.values'),
            cell: (x) =>
              Object.entries(x.values ?? {})
                .map(([k, v]) => `${k} ${f.value(v)}`)
                .join(', ') || '–',
          },
          ...(rule
            ? [
                {
                  key: 'alert',
                  label: t('rules.alertThen'),
                  cell: (x: BacktestFinding) => <Then a={alertOf(x)} rule={rule} />,
                },
              ]
            : []),
        ]}
      />
      {found > rows.length && (
        <Text size="sm" c="dimmed">
          {t('rules.moreFound', { count: found - rows.length })}
        </Text>
      )}
    </>
  )
}

/** The alert that the rule has raised at that time. */
function Then({ a, rule }: { a?: AlertRow; rule: string }) {
  const { t } = useT()
  if (!a) return <>{t('rules.noAlertThen')}</>
  return (
    <Link to={'/alerts?rule=' + encodeURIComponent(rule)}>
      <AlertTag s={a.state} />
    </Link>
  )
}

function Long({ x }: { x: BacktestFinding }) {
  const { t } = useT()
  if (!x.lasts && !x.ended) return <>{t('rules.aMoment')}</>
  if (!x.ended) return <>{t('rules.stillHolds')}</>
  const minutes = Math.round((Date.parse(x.ended) - Date.parse(x.at)) / 60_000)
  return <>{minutes < 1 ? t('rules.underAMinute') : t('rules.forMinutes', { count: minutes })}</>
}
