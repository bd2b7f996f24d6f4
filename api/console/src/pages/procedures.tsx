// What people do about incidents: the procedures that hold for the school, their versions, and the
// editor. An incident keeps the version that it began with.

import { Button, Group, NumberInput, Select, Text, TextInput, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import { ask, call } from '../api/client'
import { signInRoles, type Procedure, type ProcedureAnswer, type ProcedureStep } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useForm } from '../ui/form'
import { Empty, Loaded, Page, Panel, said, Tag, Trouble } from '../ui/kit'

export function ProceduresPage() {
  const { id } = useParams()
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const school = useSchoolParam()
  const q = useQuery({
    queryKey: ['procedures', school],
    queryFn: ({ signal }) => call('/v1/procedures', { query: { school, limit: 1000 }, signal }),
  })
  const chosen = q.data?.items.find((p) => p.id === id)
  return (
    <Page
      title={t('procedure.title')}
      sub={t('procedure.sub')}
      actions={
        can('rules:write') && (
          <Button component={Link} to="/procedures/new" size="xs">
            {t('procedure.new')}
          </Button>
        )
      }>
      <div className="two">
        <Panel>
          <Loaded q={q}>
            {(d) => (
              <ul className="procedures">
                {d.items.map((p) => (
                  <li key={p.id}>
                    <Link to={`/procedures/${p.id}`} aria-current={p.id === id ? 'page' : undefined}>
                      {f.local(p.title, p.title_zh)}
                    </Link>{' '}
                    <Tag tone={p.school ? 'blue' : 'gray'}>
                      {t(p.school ? 'procedure.own' : 'procedure.shipped', { version: p.version })}
                    </Tag>
                  </li>
                ))}
              </ul>
            )}
          </Loaded>
        </Panel>
        {q.data && (chosen || id === 'new') ? (
          <Editor key={`${id} ${chosen?.school} ${chosen?.version}`} p={chosen} school={school} />
        ) : (
          <Panel>
            <Empty title={t('procedure.choose')} />
          </Panel>
        )}
      </div>
    </Page>
  )
}

const blank: ProcedureStep = { text: '' }

function Editor({ p, school }: { p?: Procedure; school?: string }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const go = useNavigate()
  const cache = useQueryClient()
  const may = can('rules:write')
  const form = useForm('PutProcedureInput', {
    id: p?.id ?? '',
    title: p?.title ?? '',
    title_zh: p?.title_zh ?? '',
    note: '',
    steps: p?.steps ?? [blank],
  })
  const own = p && p.school !== '' && (!school || p.school === school)
  const done = async (message: string) => {
    await cache.invalidateQueries({ queryKey: ['procedures'] })
    said(message)
  }
  const save = () =>
    form.run(async () => {
      const { id, ...rest } = form.v
      const kept = await ask<Procedure>(path(id, { school }), {
        method: 'PUT',
        body: { ...rest, version: own ? p.version : 0 },
      })
      await go(`/procedures/${kept.id}`)
      await done(t('procedure.saved', { version: kept.version }))
    })
  const remove = () =>
    form.run(async () => {
      await ask(path(p!.id, { school, version: p!.version, note: form.v.note }), { method: 'DELETE' })
      await done(t('procedure.deleted'))
    })
  return (
    <Panel title={p ? f.local(p.title, p.title_zh) : t('procedure.new')}>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          void save()
        }}>
        <fieldset disabled={!may} className="plain">
          {!p && <TextInput label={t('procedure.id')} required {...form.text('id')} maxLength={64} />}
          <TextInput label={t('procedure.name')} required {...form.text('title')} />
          <TextInput label={t('procedure.nameZH')} {...form.text('title_zh')} />
          <StepList steps={form.v.steps} onChange={(steps) => form.set({ steps })} depth={1} />
          {may && <TextInput label={t('procedure.note')} mt="sm" {...form.text('note')} />}
          {form.error !== undefined && <Trouble error={form.error} />}
          {may && (
            <Group mt="sm" gap="xs">
              <Button type="submit" loading={form.busy} disabled={!form.changed}>
                {t(own ? 'procedure.save' : 'procedure.saveOwn')}
              </Button>
              {own && (
                <Button variant="default" color="red" onClick={() => void remove()}>
                  {t('procedure.delete')}
                </Button>
              )}
            </Group>
          )}
        </fieldset>
      </form>
      {p && <Versions p={p} school={school} />}
    </Panel>
  )
}

function path(id: string, params: Record<string, string | number | undefined>): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(params)) if (v) q.set(k, String(v))
  return `/v1/procedures/${encodeURIComponent(id)}?${q}`
}

function Versions({ p, school }: { p: Procedure; school?: string }) {
  const { t } = useT()
  const f = useFormat()
  const [shown, show] = useState(false)
  const q = useQuery({
    queryKey: ['procedures', p.id, 'versions', school],
    queryFn: ({ signal }) =>
      call(`/v1/procedures/${encodeURIComponent(p.id)}/versions`, { query: { school }, signal }),
    enabled: shown,
  })
  if (!shown)
    return (
      <Button size="compact-xs" variant="default" mt="md" onClick={() => show(true)}>
        {t('procedure.versions')}
      </Button>
    )
  return (
    <Loaded q={q}>
      {(d) => (
        <ol className="procedures" reversed>
          {d.versions.map((v) => (
            <li key={v.version}>
              {t('procedure.version', { version: v.version, at: f.moment(v.at) })} {v.by_name}
              {v.deleted && ` · ${t('procedure.deleted')}`}
              {v.note && ` “${v.note}”`}
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  )
}

interface ListProps {
  steps: ProcedureStep[]
  onChange: (steps: ProcedureStep[]) => void
  depth: number
}

const maxDepth = 4
const maxAnswers = 8

function StepList({ steps, onChange, depth }: ListProps) {
  const { t } = useT()
  const change = (n: number, by: Partial<ProcedureStep>) =>
    onChange(steps.map((s, k) => (k === n ? { ...s, ...by } : s)))
  const swap = (n: number, m: number) =>
    onChange(steps.map((s, k) => (k === n ? steps[m]! : k === m ? steps[n]! : s)))
  return (
    <ol className="step-editor">
      {steps.map((s, n) => (
        <li key={n}>
          <StepFields s={s} n={n} onChange={(by) => change(n, by)} />
          <Group gap={4} mt={4}>
            <Button size="compact-xs" variant="default" disabled={n === 0} onClick={() => swap(n, n - 1)}>
              {t('procedure.up')}
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              disabled={n === steps.length - 1}
              onClick={() => swap(n, n + 1)}>
              {t('procedure.down')}
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              disabled={steps.length === 1 && depth === 1}
              onClick={() => onChange(steps.filter((_, k) => k !== n))}>
              {t('procedure.removeStep')}
            </Button>
            {!s.answers?.length && depth < maxDepth && (
              <Button
                size="compact-xs"
                variant="default"
                onClick={() =>
                  change(n, {
                    answers: [
                      { id: 'yes', text: 'Yes', text_zh: '是' },
                      { id: 'no', text: 'No', text_zh: '否' },
                    ],
                  })
                }>
                {t('procedure.ask')}
              </Button>
            )}
          </Group>
          {!!s.answers?.length && (
            <Answers all={s.answers} onChange={(answers) => change(n, { answers })} depth={depth} />
          )}
        </li>
      ))}
      <li className="add">
        <Button size="compact-xs" variant="default" onClick={() => onChange([...steps, blank])}>
          {t('procedure.addStep')}
        </Button>
      </li>
    </ol>
  )
}

function StepFields({
  s,
  n,
  onChange,
}: {
  s: ProcedureStep
  n: number
  onChange: (by: Partial<ProcedureStep>) => void
}) {
  const { t } = useT()
  return (
    <>
      <Textarea
        label={t('procedure.step', { n: n + 1 })}
        required
        autosize
        maxLength={500}
        value={s.text}
        onChange={(e) => onChange({ text: e.currentTarget.value })}
      />
      <Textarea
        aria-label={t('procedure.stepZH', { n: n + 1 })}
        placeholder={t('procedure.chinese')}
        autosize
        maxLength={500}
        value={s.text_zh ?? ''}
        onChange={(e) => onChange({ text_zh: e.currentTarget.value || undefined })}
      />
      <Group gap="xs" mt={4}>
        <Select
          size="xs"
          aria-label={t('procedure.owner')}
          placeholder={t('procedure.owner')}
          clearable
          data={signInRoles.map((r) => ({ value: r, label: t('role.' + r) }))}
          value={s.owner ?? null}
          onChange={(r) => onChange({ owner: (r ?? undefined) as ProcedureStep['owner'] })}
        />
        <NumberInput
          size="xs"
          aria-label={t('procedure.minutes')}
          placeholder={t('procedure.minutes')}
          min={0}
          max={1440}
          value={s.within_s ? s.within_s / 60 : ''}
          onChange={(m) => onChange({ within_s: Number(m) ? Math.round(Number(m) * 60) : undefined })}
        />
      </Group>
    </>
  )
}

interface AnswersProps {
  all: ProcedureAnswer[]
  onChange: (all: ProcedureAnswer[] | undefined) => void
  depth: number
}

function Answers({ all, onChange, depth }: AnswersProps) {
  const { t } = useT()
  const change = (n: number, by: Partial<ProcedureAnswer>) =>
    onChange(all.map((a, k) => (k === n ? { ...a, ...by } : a)))
  const free = () => {
    for (let n = all.length + 1; ; n++) if (!all.some((a) => a.id === `a${n}`)) return `a${n}`
  }
  return (
    <div className="answers">
      {all.map((a, n) => (
        <div key={n} role="group" aria-label={t('procedure.answer', { n: n + 1 })}>
          <Group gap="xs" align="end">
            <TextInput
              size="xs"
              label={t('procedure.answer', { n: n + 1 })}
              required
              maxLength={500}
              value={a.text}
              onChange={(e) => change(n, { text: e.currentTarget.value })}
            />
            <TextInput
              size="xs"
              aria-label={t('procedure.answerZH', { n: n + 1 })}
              placeholder={t('procedure.chinese')}
              maxLength={500}
              value={a.text_zh ?? ''}
              onChange={(e) => change(n, { text_zh: e.currentTarget.value || undefined })}
            />
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => onChange(all.length > 2 ? all.filter((_, k) => k !== n) : undefined)}>
              {t(all.length > 2 ? 'procedure.removeAnswer' : 'procedure.noQuestion')}
            </Button>
          </Group>
          <StepList
            steps={a.steps ?? []}
            depth={depth + 1}
            onChange={(steps) => change(n, { steps: steps.length > 0 ? steps : undefined })}
          />
        </div>
      ))}
      {all.length < maxAnswers && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => onChange([...all, { id: free(), text: '' }])}>
          {t('procedure.addAnswer')}
        </Button>
      )}
      <Text size="xs" c="dimmed">
        {t('procedure.answersHint')}
      </Text>
    </div>
  )
}
