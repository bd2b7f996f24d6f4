// The procedure of an incident: steps to tick and to take back, questions with answers, who does
// what by when. Steps to which no answer leads are not shown, unless they were done.

import { Button, Checkbox, Group, Select, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ask, call } from '../api/client'
import type { Incident, IncidentStep } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { saidError, Tag } from './kit'

/** How deep a step stands below questions. */
function depth(steps: IncidentStep[], n: number): number {
  let deep = 0
  for (let b = steps[n]?.branch; b && deep < 8; b = steps[b.step]?.branch) deep++
  return deep
}

/** Steps to do as things are, and those that are done. */
export function counted(i: { steps?: IncidentStep[] | null }): { done: number; all: number; late: number } {
  const live = (i.steps ?? []).filter((s) => !s.skipped)
  return {
    done: live.filter((s) => s.done).length,
    all: live.length,
    late: live.filter((s) => !s.done && s.due && Date.parse(s.due) < Date.now()).length,
  }
}

export function Steps({ i, now, onDone }: { i: Incident; now: number; onDone: () => Promise<unknown> }) {
  const { can } = useSession()
  const [busy, setBusy] = useState(-1)
  const { t } = useT()
  const steps = i.steps ?? []
  const may = i.state !== 'closed' && can('alerts:write') && busy < 0
  const run = async (n: number, what: string, body: Record<string, unknown>) => {
    setBusy(n)
    try {
      await ask(`/v1/incidents/${encodeURIComponent(i.id)}/steps/${n}${what}`, { method: 'POST', body })
    } catch (e) {
      saidError(e, t)
    }
    await onDone()
    setBusy(-1)
  }
  return (
    <ol className="steps" data-testid="steps">
      {steps.map((s, n) =>
        s.skipped && !s.done ? null : (
          <li
            key={n}
            data-step={n}
            data-skipped={s.skipped || undefined}
            style={{ marginLeft: depth(steps, n) * 20 }}>
            <Step i={i} s={s} n={n} now={now} may={may} run={run} />
          </li>
        ),
      )}
    </ol>
  )
}

interface StepProps {
  i: Incident
  s: IncidentStep
  n: number
  now: number
  may: boolean
  run: (n: number, what: string, body: Record<string, unknown>) => Promise<void>
}

function Step({ i, s, n, now, may, run }: StepProps) {
  const { t } = useT()
  const f = useFormat()
  const text = f.local(s.text, s.text_zh)
  const answer = s.answers?.find((a) => a.id === s.answer)
  const about = <About i={i} s={s} n={n} now={now} may={may} run={run} />
  if (!s.answers?.length)
    return (
      <Checkbox
        size="sm"
        checked={s.done}
        disabled={!may || s.skipped}
        onChange={() => void run(n, s.done ? '/untick' : '', {})}
        label={text}
        description={about}
      />
    )
  return (
    <div role="group" aria-label={text} className="question">
      <Text size="sm" fw={600}>
        {text}
      </Text>
      <Group gap={6} my={4}>
        {s.done ? (
          <>
            <Tag tone="blue">{f.local(answer?.text, answer?.text_zh)}</Tag>
            {may && !s.skipped && (
              <Button size="compact-xs" variant="default" onClick={() => void run(n, '/untick', {})}>
                {t('incident.otherAnswer')}
              </Button>
            )}
          </>
        ) : (
          s.answers.map((a) => (
            <Button
              key={a.id}
              size="compact-sm"
              variant="default"
              disabled={!may}
              onClick={() => void run(n, '', { answer: a.id })}>
              {f.local(a.text, a.text_zh)}
            </Button>
          ))
        )}
      </Group>
      <Text size="xs" c="dimmed" component="div">
        {about}
      </Text>
    </div>
  )
}

// Who did it and when, or who shall do it by when.
function About({ s, n, i, now, may, run }: StepProps) {
  const { t } = useT()
  const f = useFormat()
  const [giving, setGiving] = useState(false)
  if (s.done)
    return (
      <>
        {s.by} {f.clock(s.at)}
        {s.skipped && ` · ${t('incident.leftBranch')}`}
      </>
    )
  const late = !!s.due && Date.parse(s.due) < now && i.state !== 'closed'
  const who = s.person_name || (s.owner ? t('role.' + s.owner) : '')
  if (giving)
    return (
      <Giving
        i={i}
        n={n}
        onGiven={(to) => run(n, '/assign', { assignee: to })}
        close={() => setGiving(false)}
      />
    )
  return (
    <>
      {who}
      {s.due && (
        <span className={late ? 'late' : undefined}>
          {who && ' · '}
          {t(late ? 'incident.wasDue' : 'incident.due', { at: f.clock(s.due) })}
        </span>
      )}
      {may && !s.skipped && (
        <>
          {' '}
          <button type="button" className="quiet-deed" onClick={() => setGiving(true)}>
            {t('incident.give')}
          </button>
        </>
      )}
    </>
  )
}

function Giving({
  i,
  onGiven,
  close,
}: {
  i: Incident
  n: number
  onGiven: (to: string) => Promise<void>
  close: () => void
}) {
  const { t } = useT()
  const q = useQuery({
    queryKey: ['assignees', i.school],
    queryFn: ({ signal }) =>
      call('/v1/alerts/assignees', { query: { school: i.school, limit: 1000 }, signal }),
  })
  return (
    <Select
      size="xs"
      aria-label={t('incident.giveTo')}
      placeholder={t('incident.giveTo')}
      searchable
      clearable
      autoFocus
      data={(q.data?.items ?? []).map((h) => ({ value: h.id, label: h.name }))}
      onChange={(to) => {
        close()
        void onGiven(to ?? '')
      }}
      onBlur={close}
    />
  )
}
