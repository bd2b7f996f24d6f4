// What happened in an incident, line by line.

import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import type { Incident, IncidentEntry } from '../api/types'
import { useT } from '../i18n'
import { useFormat } from '../session'
import { Loaded } from './kit'
import { When } from './when'

export function IncidentLog({ i }: { i: Incident }) {
  const { t } = useT()
  const q = useQuery({
    queryKey: ['incident', i.id, 'log', i.version],
    queryFn: ({ signal }) => call(`/v1/incidents/${encodeURIComponent(i.id)}/log`, { signal }),
    placeholderData: (before) => before,
  })
  return (
    <Loaded q={q}>
      {(d) => (
        <>
          <ol className="story" aria-label={t('incident.log')} data-testid="incident-log">
            {(d.items ?? []).map((e) => (
              <li key={e.n}>
                <When at={e.at} seconds />
                <div>
                  <IncidentLine i={i} e={e} />
                </div>
              </li>
            ))}
          </ol>
          {d.next && <p className="dim">{t('incident.logMore')}</p>}
        </>
      )}
    </Loaded>
  )
}

type Line = Pick<
  IncidentEntry,
  'by_name' | 'comment' | 'step' | 'answer' | 'alerts' | 'to_name' | 'outcome' | 'firing'
> & {
  what: string
}

/** One line of a log: what happened, with the step's words, and who did it. */
export function IncidentLine({ i, e }: { i: Incident; e: Line }) {
  const { t } = useT()
  const f = useFormat()
  const s = e.step === undefined ? undefined : i.steps?.[e.step]
  const answer = s?.answers?.find((a) => a.id === e.answer)
  const what = t('incidentWhat.' + e.what, {
    count: e.alerts?.length ?? 0,
    to: e.to_name || t('incident.nobody'),
    outcome: e.outcome ? t('outcome.' + e.outcome) : '',
  })
  return (
    <>
      {what}
      {s && `: ${f.local(s.text, s.text_zh)}`}
      {answer && ` → ${f.local(answer.text, answer.text_zh)}`}
      {!!e.firing && ` · ${t('incident.whileFiring', { count: e.firing })}`}
      {e.by_name && (
        <>
          {' '}
          · <strong>{e.by_name}</strong>
        </>
      )}
      {e.comment && <div className="story-said">“{e.comment}”</div>}
    </>
  )
}
