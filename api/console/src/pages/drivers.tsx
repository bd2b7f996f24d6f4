// Driver programs: which run, which were refused and why, and their logs.

import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { call } from '../api/client'
import type { Driver } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useNow, useSession } from '../session'
import { Ask } from '../ui/ask'
import { Empty, Facts, Loaded, Page, Panel, Rows, said, Tag, type Tone } from '../ui/kit'
import { ProfileList } from '../ui/profilelist'
import { Knocks } from '../ui/knocks'
import { useDrivers } from './fleet'
import { When } from '../ui/when'

const tones: Record<string, Tone> = {
  running: 'green',
  starting: 'blue',
  backoff: 'orange',
  quarantined: 'red',
  refused: 'red',
  stopped: 'gray',
}

function DriverTag({ s }: { s: string }) {
  const { t } = useT()
  return (
    <Tag tone={tones[s] ?? 'gray'} dot>
      {t('driverState.' + s, { defaultValue: s })}
    </Tag>
  )
}

/** How a driver is confined; nothing before its first run. */
function ConfinedTag({ d }: { d: Driver }) {
  const { t } = useT()
  const c = d.confinement
  if (!c || (!c.confined && !c.why)) return <>–</>
  if (!c.confined) return <Tag tone="yellow">{t('driver.open')}</Tag>
  const by = [
    c.landlock && t('driver.byLandlock', { version: c.landlock }),
    c.user && t('driver.byUser', { user: c.user }),
  ].filter(Boolean)
  return <Tag tone="green">{by.join(' + ')}</Tag>
}

/** The same in words, with the way to fix it. */
function ConfinedText({ d }: { d: Driver }) {
  const { t } = useT()
  const c = d.confinement
  return (
    <span>
      <ConfinedTag d={d} /> {c?.confined && t('driver.confinedText')}
      {c?.why && t('driver.openText.' + c.why, { defaultValue: c.detail })}
      {c?.detail && (
        <>
          {' '}
          <small>({c.detail})</small>
        </>
      )}
    </span>
  )
}

export function DriversPage() {
  const { t } = useT()
  const f = useFormat()
  const q = useDrivers()
  return (
    <Page title={t('nav.drivers')} sub={t('driver.sub')}>
      <Panel flush label={t('nav.drivers')}>
        <Loaded q={q}>
          {(d) =>
            d.items.length ? (
              <Rows
                label={t('nav.drivers')}
                rows={d.items}
                id={(x) => x.name}
                to={(x) => `/drivers/${x.name}`}
                columns={[
                  {
                    key: 'name',
                    label: t('driver.name'),
                    main: true,
                    cell: (x) => (
                      <Link to={`/drivers/${x.name}`}>{f.local(x.title, x.title_zh) || x.name}</Link>
                    ),
                  },
                  { key: 'state', label: t('fleet.state'), cell: (x) => <DriverTag s={x.state} /> },
                  { key: 'reason', label: t('common.reason'), cell: (x) => x.reason || '–' },
                  { key: 'version', label: t('driver.version'), cell: (x) => x.version || '–' },
                  {
                    key: 'pinned',
                    label: t('driver.checksum'),
                    cell: (x) =>
                      x.pinned ? (
                        <Tag tone="green">{t('driver.pinned')}</Tag>
                      ) : (
                        <Tag tone="yellow">{t('driver.notPinned')}</Tag>
                      ),
                  },
                  { key: 'confined', label: t('driver.confined'), cell: (x) => <ConfinedTag d={x} /> },
                  {
                    key: 'devices',
                    label: t('driver.devices'),
                    right: true,
                    cell: (x) => f.number(x.devices),
                  },
                  {
                    key: 'obs',
                    label: t('driver.observations'),
                    right: true,
                    cell: (x) => f.number(x.observations),
                  },
                  {
                    key: 'restarts',
                    label: t('driver.restarts'),
                    right: true,
                    cell: (x) => f.number(x.restarts),
                  },
                ]}
              />
            ) : (
              <Empty title={t('driver.none')} hint={t('driver.noneHint')} />
            )
          }
        </Loaded>
      </Panel>
      <ProfileList />
      <Knocks />
      <Refusals />
    </Page>
  )
}

/** Rejected connections of devices and drivers. */
export function Refusals() {
  const { t } = useT()
  const f = useFormat()
  const q = useQuery({
    queryKey: ['refusals'],
    queryFn: () => call('/v1/refusals'),
    refetchInterval: 10_000,
    retry: false,
  })
  return (
    <Panel title={t('refusal.title')} flush>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <Rows
              label={t('refusal.title')}
              rows={d.items}
              id={(r) => r.source + r.claimed + r.reason}
              columns={[
                { key: 'claimed', label: t('refusal.claimed'), main: true, cell: (r) => r.claimed || '–' },
                { key: 'source', label: t('refusal.source'), cell: (r) => r.source },
                { key: 'reason', label: t('common.reason'), cell: (r) => r.reason },
                { key: 'count', label: t('refusal.count'), right: true, cell: (r) => f.number(r.count) },
                { key: 'time', label: t('refusal.last'), cell: (r) => <When at={r.time} seconds /> },
              ]}
            />
          ) : (
            <Empty title={t('refusal.none')} hint={t('refusal.noneHint')} />
          )
        }
      </Loaded>
    </Panel>
  )
}

export function DriverPage() {
  const { name = '' } = useParams()
  const { t } = useT()
  const f = useFormat()
  const q = useDrivers()
  return (
    <Loaded q={q}>
      {(all) => {
        const d = all.items.find((x) => x.name === name)
        if (!d)
          return (
            <Page title={name}>
              <Empty title={t('driver.gone')} hint={<Link to="/drivers">{t('driver.toAll')}</Link>} />
            </Page>
          )
        return (
          <Page
            title={f.local(d.title, d.title_zh) || d.name}
            sub={
              <>
                <DriverTag s={d.state} /> <Link to="/drivers">{t('driver.toAll')}</Link>
              </>
            }
            actions={<Restart d={d} />}>
            {d.reason && (
              <div className="trouble">
                <Tag tone="orange">{t('device.why')}</Tag> {d.reason}
              </div>
            )}
            <Panel title={t('driver.about')}>
              <Facts
                items={[
                  [t('driver.name'), d.name],
                  [t('driver.version'), d.version || '–'],
                  [t('driver.contract'), d.contract || '–'],
                  [t('driver.pid'), d.pid || '–'],
                  [t('driver.started'), f.moment(d.started, true)],
                  [t('driver.restarts'), f.number(d.restarts)],
                  [
                    t('driver.devices'),
                    <Link key="l" to={`/fleet?driver=${encodeURIComponent(d.name)}`}>
                      {f.number(d.devices)}
                    </Link>,
                  ],
                  [t('driver.observations'), f.number(d.observations)],
                  [
                    t('driver.memory'),
                    d.memory_max
                      ? t('driver.memoryOf', {
                          held: f.number(Math.round((d.memory ?? 0) / 1048576)),
                          most: f.number(Math.round(d.memory_max / 1048576)),
                        })
                      : '–',
                  ],
                  ...(d.quarantine
                    ? [
                        [
                          t('driver.quarantine'),
                          t('driver.quarantineText', { since: f.moment(d.quarantine) }),
                        ] as [string, string],
                      ]
                    : []),
                  ...(d.next_attempt
                    ? [[t('driver.next'), f.moment(d.next_attempt, true)] as [string, string]]
                    : []),
                  [t('driver.confined'), <ConfinedText key="f" d={d} />],
                  [
                    t('driver.checksum'),
                    <span key="c">
                      {d.pinned ? t('driver.pinned') : t('driver.notPinnedLong')}{' '}
                      <code>{d.sha256 ? d.sha256.slice(0, 16) + '…' : ''}</code>
                    </span>,
                  ],
                ]}
              />
            </Panel>
            <Log name={d.name} />
          </Page>
        )
      }}
    </Loaded>
  )
}

function Restart({ d }: { d: Driver }) {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const [ask, setAsk] = useState(false)
  if (!can('devices:write')) return null
  return (
    <>
      <Button variant="default" onClick={() => setAsk(true)}>
        {t('driver.restart')}
      </Button>
      <Ask
        opened={ask}
        onClose={() => setAsk(false)}
        title={t('driver.restart')}
        text={t('driver.restartText', { n: d.devices })}
        deed={t('driver.restart')}
        onDo={async () => {
          await call(`/v1/drivers/${encodeURIComponent(d.name)}/restart`, { method: 'POST' })
          said(t('driver.restarted'))
          await cache.invalidateQueries({ queryKey: ['drivers'] })
        }}
      />
    </>
  )
}

function Log({ name }: { name: string }) {
  const { t } = useT()
  const f = useFormat()
  useNow(60_000)
  const q = useQuery({
    queryKey: ['driverlog', name],
    queryFn: async () => {
      const d = await call(`/v1/drivers/${encodeURIComponent(name)}/log`)
      return d.items
    },
    refetchInterval: 3000,
  })
  return (
    <Panel title={t('driver.log')} flush>
      <Loaded q={q}>
        {(lines) =>
          lines.length ? (
            <div className="log" tabIndex={0} role="log" aria-live="off" aria-label={t('driver.log')}>
              {[...lines].reverse().map((l, n) => (
                <div key={n} data-level={l.level.toLowerCase()}>
                  <time dateTime={l.time}>{f.clock(l.time)}</time>
                  <span>
                    {l.level.toUpperCase()} {l.text}
                  </span>
                </div>
              ))}
            </div>
          ) : (
            <Empty title={t('driver.noLog')} hint={t('driver.noLogHint')} />
          )
        }
      </Loaded>
    </Panel>
  )
}
