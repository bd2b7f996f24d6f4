// The gateway's status: checks in words, and their figures.

import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import type { Check } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { Empty, Facts, Loaded, Page, Panel, Rows, Tag, type Tone } from '../ui/kit'
import { ReloadPanel } from '../ui/reload'
import { Refusals } from './drivers'

const tone: Record<Check['state'], Tone> = { ok: 'green', warning: 'yellow', critical: 'red' }

export function StatusPage() {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const q = useQuery({
    queryKey: ['status'],
    queryFn: () => call('/v1/status'),
    refetchInterval: 5000,
  })
  return (
    <Page title={t('nav.status')} sub={t('status.sub')}>
      <Loaded q={q}>
        {(s) => (
          <>
            <Panel title={t('status.checks')} flush>
              {s.checks?.length ? (
                <Rows
                  label={t('status.checks')}
                  rows={s.checks}
                  id={(c) => c.name}
                  columns={[
                    {
                      key: 'name',
                      label: t('status.check'),
                      main: true,
                      cell: (c) => t('checkName.' + c.name, { defaultValue: c.name }),
                    },
                    {
                      key: 'state',
                      label: t('fleet.state'),
                      cell: (c) => (
                        <Tag tone={tone[c.state] ?? 'gray'} dot>
                          {t('checkState.' + c.state, { defaultValue: c.state })}
                        </Tag>
                      ),
                    },
                    {
                      key: 'message',
                      label: t('status.message'),
                      cell: (c) => f.local(c.message, c.message_zh),
                    },
                  ]}
                />
              ) : (
                <Empty title={t('status.noChecks')} />
              )}
            </Panel>
            <div className="two">
              <Panel title={t('status.gateway')}>
                <Facts
                  items={[
                    [t('driver.version'), s.version],
                    [t('status.started'), f.moment(s.started, true)],
                    [
                      t('status.uptime'),
                      f.ago(new Date(Date.now() - s.uptime_s * 1000).toISOString(), Date.now()),
                    ],
                    ...(s.disk
                      ? ([
                          [
                            t('status.disk'),
                            t('status.diskFree', {
                              free: f.bytes(s.disk.free_bytes),
                              total: f.bytes(s.disk.total_bytes),
                            }),
                          ],
                        ] as [string, string][])
                      : []),
                    ...(s.clock
                      ? ([
                          [
                            t('status.clock'),
                            `${f.number(s.clock.offset_ms, 1)} ms${s.clock.source ? ` (${s.clock.source})` : ''}`,
                          ],
                        ] as [string, string][])
                      : []),
                  ]}
                />
              </Panel>
              <Figures title={t('status.journal')} figures={s.journal} />
              <Figures title={t('status.mqtt')} figures={s.mqtt} />
              <Figures title={t('status.drivers')} figures={s.drivers} />
            </div>
            <Panel title={t('status.cursors')} flush>
              {s.cursors?.length ? (
                <Rows
                  label={t('status.cursors')}
                  rows={s.cursors}
                  id={(c) => c.name}
                  columns={[
                    {
                      key: 'name',
                      label: t('status.cursor'),
                      main: true,
                      cell: (c) => t('cursorName.' + c.name, { defaultValue: c.name }),
                    },
                    { key: 'lag', label: t('status.lag'), right: true, cell: (c) => f.number(c.lag) },
                  ]}
                />
              ) : (
                <Empty title={t('status.noCursors')} />
              )}
            </Panel>
          </>
        )}
      </Loaded>
      <ReloadPanel />
      {can('devices:read') && <Refusals />}
    </Page>
  )
}

// Figures by name, as the gateway returns them; byte counts are shown as sizes, times as times.
function Figures({ title, figures }: { title: string; figures?: Record<string, unknown> | null }) {
  const { t } = useT()
  const f = useFormat()
  const all = Object.entries(figures ?? {}).filter(([, v]) => v === null || typeof v !== 'object')
  const show = (k: string, v: unknown) => {
    if (typeof v === 'number') return /bytes/.test(k) ? f.bytes(v) : f.number(v, 1)
    if (typeof v === 'boolean') return v ? t('common.yes') : t('common.no')
    if (typeof v === 'string' && /^\d{4}-\d\d-\d\dT/.test(v)) return f.moment(v, true)
    return v === null || v === '' ? '–' : String(v)
  }
  return (
    <Panel title={title}>
      {all.length ? (
        <Facts
          items={all.map(([k, v]) => [t('figure.' + k, { defaultValue: k.replace(/_/g, ' ') }), show(k, v)])}
        />
      ) : (
        <Empty title={t('status.noFigures')} />
      )}
    </Panel>
  )
}
