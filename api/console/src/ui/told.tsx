// What came of a message to somebody who was called: on its way, arrived, read or failed.

import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import type { Incident, IncidentReport, Told } from '../api/types'
import { useT } from '../i18n'
import { timeOf } from '../lib/format'
import { useFormat } from '../session'
import { Loaded, Panel, Tag, type Tone } from './kit'
import { When } from './when'

export const toldTones: Record<Told['state'], Tone> = {
  waiting: 'gray',
  queued: 'gray',
  sent: 'blue',
  delivered: 'blue',
  read: 'green',
  failed: 'red',
  stopped: 'orange',
}

interface Came {
  state?: Told['state']
  code?: string
  read?: string
  channels: (string | undefined)[]
}

/** "[read] 10:04 · SMS, e-mail"; nothing where no message was sent. */
export function CameOf({ state, code, read, channels }: Came) {
  const { t } = useT()
  const f = useFormat()
  if (!state) return null
  const by = [...new Set(channels.filter(Boolean))].join(', ')
  return (
    <span data-testid="came" data-state={state}>
      <Tag tone={toldTones[state]}>{t('toldState.' + state)}</Tag>
      {timeOf(read) !== undefined && ` ${f.clock(read)}`}
      {by && ` · ${by}`}
      {code && ` · ${t('toldCode.' + code, { defaultValue: code })}`}
    </span>
  )
}

type Moment = IncidentReport['timeline'][number]

/** Who was called because of an incident's alerts, and whether they have read it. */
export function WhoWasTold({ i }: { i: Incident }) {
  const { t } = useT()
  const q = useQuery({
    queryKey: ['incident', i.id, 'told', i.version],
    queryFn: async ({ signal }): Promise<Moment[]> => {
      const r = await call(`/v1/incidents/${encodeURIComponent(i.id)}/report`, { signal })
      return r.timeline.filter((m) => m.of === 'call')
    },
    placeholderData: (before) => before,
    refetchInterval: i.state === 'closed' ? false : 20_000,
  })
  return (
    <Panel title={t('calls.who')}>
      <Loaded q={q}>
        {(all) =>
          all.length === 0 ? (
            <p className="dim" data-testid="who-was-told">
              {t('calls.nobody')}
            </p>
          ) : (
            <ol className="story" data-testid="who-was-told">
              {all.map((m, n) => (
                <li key={n}>
                  <When at={m.at} seconds />
                  <div>
                    {t('callWhat.' + m.what, { who: m.to_name || m.subject || '' })} <Came m={m} />
                  </div>
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
    </Panel>
  )
}

export const Came = ({ m }: { m: Moment }) => (
  <CameOf state={m.state} code={m.code} read={m.read} channels={m.channels ?? []} />
)
