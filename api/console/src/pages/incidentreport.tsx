// Looks back at an incident: figures, rooms, what happened line by line. Made to be printed on A4;
// without people and pictures.

import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router'
import { call } from '../api/client'
import type { IncidentReport } from '../api/types'
import { useT } from '../i18n'
import { useFormat } from '../session'
import { Rooms } from '../ui/incidentcard'
import { IncidentLine } from '../ui/incidentlog'
import { Facts, Loaded, Page, Panel, Tag } from '../ui/kit'
import { SeverityTag } from '../ui/states'
import { Came } from '../ui/told'

export function ReportPage() {
  const { id = '' } = useParams()
  const { t } = useT()
  const q = useQuery({
    queryKey: ['incident', id, 'report'],
    queryFn: ({ signal }) => call(`/v1/incidents/${encodeURIComponent(id)}/report`, { signal }),
  })
  return (
    <Page
      title={t('report.title')}
      sub={<Link to={`/incidents/${id}`}>{t('report.back')}</Link>}
      actions={
        <Button size="xs" onClick={() => window.print()}>
          {t('report.print')}
        </Button>
      }>
      <Loaded q={q}>{(r) => <Report r={r} />}</Loaded>
    </Page>
  )
}

function Report({ r }: { r: IncidentReport }) {
  const { t } = useT()
  const f = useFormat()
  const { incident: i, figures } = r
  const took = (s: number | undefined) =>
    s === undefined ? t('report.never') : t('report.took', { min: Math.floor(s / 60), s: s % 60 })
  return (
    <div className="report" data-testid="report">
      <h2>
        {i.drill && <Tag tone="blue">{t('incident.drill')}</Tag>} {f.local(i.title, i.title_zh)}{' '}
        <SeverityTag s={i.severity} /> <Tag>{t('incidentState.' + i.state)}</Tag>{' '}
        {i.outcome && <Tag>{t('outcome.' + i.outcome)}</Tag>}
      </h2>
      <Rooms where={r.where} />
      {i.conclusion && <p>“{i.conclusion}”</p>}
      <Panel title={t('report.figures')}>
        <Facts
          items={[
            [t('report.opened'), f.moment(i.opened, true)],
            [t('report.acknowledged'), took(figures.acknowledged_s)],
            [t('report.contained'), took(figures.contained_s)],
            [t('report.closed'), took(figures.closed_s)],
            [t('report.alerts'), String(r.alert_count)],
            [
              t('report.steps'),
              t('report.stepsText', {
                done: figures.steps_done,
                all: figures.steps,
                late: figures.steps_late,
              }),
            ],
          ]}
        />
      </Panel>
      <Panel title={t('report.timeline')}>
        <table className="timeline" data-testid="timeline">
          <tbody>
            {r.timeline.map((m, n) => (
              <tr key={n} data-of={m.of}>
                <td>
                  <time dateTime={m.at}>{f.moment(m.at, true)}</time>
                </td>
                <td>
                  <Line r={r} m={m} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {!!r.timeline_cut && <p>{t('report.cut', { n: r.timeline_cut })}</p>}
      </Panel>
    </div>
  )
}

function Line({ r, m }: { r: IncidentReport; m: IncidentReport['timeline'][number] }) {
  const { t } = useT()
  const f = useFormat()
  if (m.of === 'incident') return <IncidentLine i={r.incident} e={m} />
  const alert = r.alerts.find((a) => a.id === m.alert)
  const about = alert && [f.local(alert.title, alert.title_zh), alert.zone_name].filter(Boolean).join(', ')
  const params = {
    who: m.to_name || m.subject || '',
    to: m.to_name || t('incident.nobody'),
    severity: m.severity ? t('severity.' + m.severity) : '',
    from: '',
    until: '',
    n: '',
  }
  const what = {
    alert: () => t('reportAlert.' + m.what, params),
    call: () => t('callWhat.' + m.what, params),
    command: () => `${m.subject ?? ''} ${m.action ?? ''}: ${t('commandState.' + m.what)}`,
    lockdown: () => `${f.local(m.subject, m.subject_zh)}: ${t('report.' + m.what)}`,
  }[m.of]()
  return (
    <>
      {about && `${about}: `}
      {what} {m.of === 'call' && <Came m={m} />}
      {m.by_name && (
        <>
          {' '}
          · <strong>{m.by_name}</strong>
          {m.by_link && ' ' + t('handling.byLink')}
        </>
      )}
      {m.drill && ` · ${t('incident.drill')}`}
      {m.comment && <div className="story-said">“{m.comment}”</div>}
    </>
  )
}
