// The text of a rule in the editor, checked while it is typed, and saved.

import { Alert, Button, Group, SegmentedControl, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useNavigate } from 'react-router'
import { APIError, call } from '../../api/client'
import type { Checked, Rule } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSchoolParam, useSession, useStored } from '../../session'
import { Ask } from '../../ui/ask'
import { said, Trouble, useDeed } from '../../ui/kit'
import { LeaveAsks } from '../../ui/leaving'
import { BacktestView } from './backtest'
import { Changed, conflicts } from './changed'
import { RuleEditor } from './editor'
import { RuleForm } from './form'
import { useKnown } from './known'
import { pageOf } from './list'
import { renewRules, useCheck, useDraft } from './save'
import { StoryView } from './story'

interface Props {
  text: string // to begin with
  rule?: Rule // that is changed; none: a new one
  template?: string
  instead?: Rule // whose place it takes
}

export function Editing(p: Props) {
  const { t } = useT()
  const f = useFormat()
  const go = useNavigate()
  const cache = useQueryClient()
  const { me, school } = useSession()
  const own = useSchoolParam()
  const of = p.rule?.school ?? own ?? school.id
  const known = useKnown()
  const deed = useDeed()
  const key = `gatehouse.rule.${me.user.id}.${p.rule?.id ?? `new.${of}.${p.template ?? ''}`}`
  const [base, setBase] = useState<Partial<Rule>>(p.rule ?? { text: p.text, enabled: true, version: 0 })
  const [now, setNow] = useState({ text: p.text, enabled: base.enabled ?? true, note: '' })
  const [gone, setGone] = useState(false) // saved or deleted: nothing to lose any more
  const [deleting, setDeleting] = useState(false)
  const [trying, setTrying] = useState('')
  const [telling, setTelling] = useState(false)
  const [mode, setMode] = useStored('gatehouse.rule-mode', 'form')
  const set = (change: Partial<typeof now>) => setNow((was) => ({ ...was, ...change }))
  const changed = !gone && (now.text !== base.text || now.enabled !== base.enabled)
  const draft = useDraft(key, changed ? { ...now, base: base.version ?? 0, at: '' } : undefined)
  const [back, setBack] = useState(draft.left && draft.left.text !== p.text ? draft.left : undefined)
  const newer = p.rule && (p.rule.version ?? 0) > (base.version ?? 0) ? p.rule : undefined
  const replaces = p.rule?.replaces ?? !!p.instead
  const burning = (p.rule ?? p.instead)?.firing ?? 0
  const found = useCheck({ text: now.text, school: of, plain_id: p.rule?.plain_id, replaces })
  const checked = found?.checked
  const current = found?.text === now.text
  const wrong = current ? (checked?.problems.length ?? 0) : 0

  // Somebody else has saved a version and nothing is typed here: theirs is shown.
  useEffect(() => {
    if (!newer || changed) return
    setBase(newer)
    setNow({ text: newer.text, enabled: newer.enabled, note: '' })
  }, [newer, changed])
  useEffect(() => {
    if (back) setNow({ text: back.text, enabled: back.enabled, note: back.note })
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])

  const save = () =>
    deed.run(async () => {
      const body = { ...now, replaces, template: p.rule?.template ?? p.template }
      try {
        const r = p.rule
          ? await call(`/v1/rules/${encodeURIComponent(p.rule.id)}`, {
              method: 'PUT',
              body: { ...body, version: base.version ?? 0 },
            })
          : await call('/v1/rules', { method: 'POST', body: { ...body, school: of } })
        setBack(undefined)
        draft.forget()
        said(t('rules.saved'))
        if (!p.rule) setGone(true)
        setBase(r)
        set({ text: r.text, enabled: r.enabled, note: '' })
        await renewRules(cache)
        if (!p.rule) go(pageOf(r.id), { replace: true })
      } catch (e) {
        if (p.rule && conflicts(e)) return void (await renewRules(cache)) // it is told below
        throw e
      }
    })
  const remove = async (note: string) => {
    const query = { version: base.version ?? 0, note }
    await call(`/v1/rules/${encodeURIComponent(p.rule!.id)}`, { method: 'DELETE', query })
    setGone(true)
    draft.forget()
    await cache.invalidateQueries({ queryKey: ['rules'] })
    go('/rules?deleted=' + encodeURIComponent(p.rule!.id), { replace: true })
  }
  const ready = (changed || !p.rule) && !wrong && !newer && now.text.trim() !== ''
  return (
    <Stack>
      <LeaveAsks held={changed} />
      {back && changed && (
        <Alert color="blue" variant="light" role="status">
          <Group gap="sm">
            {t('rules.draftBack', { at: f.moment(back.at) })}
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                setBack(undefined)
                setNow({ text: base.text ?? '', enabled: base.enabled ?? true, note: '' })
              }}>
              {t('rules.draftAway')}
            </Button>
          </Group>
        </Alert>
      )}
      {newer && changed && (
        <Changed
          was={base.text ?? ''}
          mine={now.text}
          theirs={newer}
          onText={(text) => (setBase(newer), set({ text }))}
        />
      )}
      <SegmentedControl
        className="rule-mode"
        value={mode}
        onChange={setMode}
        aria-label={t('rules.mode')}
        data={[
          { value: 'form', label: t('rules.asForm') },
          { value: 'text', label: t('rules.asText') },
        ]}
      />
      {mode === 'form' ? (
        <>
          <RuleForm
            text={now.text}
            known={known}
            fresh={!p.rule && !p.instead}
            onChange={(text) => set({ text })}
            onText={() => setMode('text')}
          />
          {changed && <Remarks checked={checked} />}
        </>
      ) : (
        <RuleEditor
          label={t('rules.text')}
          text={now.text}
          problems={checked?.problems}
          doubts={checked?.doubts}
          known={known}
          onChange={(text) => set({ text })}
          onSave={() => ready && void save()}
        />
      )}
      <Text size="sm" c="dimmed" role="status">
        {!current || !checked
          ? t(mode === 'form' ? 'rules.checking' : 'rules.help')
          : wrong
            ? mode === 'form' && !changed
              ? t('rules.fill')
              : t('rules.wrong', { count: wrong })
            : checked.doubts.length
              ? t('rules.doubted', { count: checked.doubts.length })
              : t('rules.right')}
      </Text>
      {found?.error !== undefined && current && <Trouble error={found.error} />}
      <Group align="end">
        <Switch
          label={t('rules.holds')}
          description={t(replaces ? 'rules.holdsInstead' : 'rules.holdsHelp')}
          checked={now.enabled}
          onChange={(e) => set({ enabled: e.currentTarget.checked })}
        />
        <TextInput
          className="rule-note"
          label={t('rules.note')}
          placeholder={t('rules.noteHelp')}
          value={now.note}
          maxLength={500}
          onChange={(e) => set({ note: e.currentTarget.value })}
        />
      </Group>
      {burning > 0 && !now.enabled && (
        <Alert color="orange" variant="light" role="status">
          {t('rules.endsAlerts', { count: burning })}
        </Alert>
      )}
      {deed.error !== undefined && <Saving error={deed.error} />}
      <Group>
        <Button loading={deed.busy} disabled={!ready} onClick={() => void save()}>
          {t('rules.save')}
        </Button>
        <Button
          variant="default"
          onClick={() => setTrying(now.text)}
          disabled={wrong > 0 || !now.text.trim()}>
          {t('rules.tryPast')}
        </Button>
        <Button
          variant="default"
          aria-expanded={telling}
          disabled={!now.text.trim()}
          onClick={() => setTelling((x) => !x)}>
          {t('rules.tell')}
        </Button>
        {p.rule && (
          <Button variant="subtle" color="red" onClick={() => setDeleting(true)}>
            {t('rules.delete')}
          </Button>
        )}
      </Group>
      {trying && <BacktestView key={trying} text={trying} school={of} stale={trying !== now.text} start />}
      {telling && <StoryView text={now.text} kept={key + '.story'} />}
      <Ask
        opened={deleting}
        onClose={() => setDeleting(false)}
        danger
        title={t('rules.delete')}
        text={
          <>
            {t(replaces ? 'rules.deleteInstead' : 'rules.deleteText')}{' '}
            {burning > 0 && t('rules.endsAlerts', { count: burning })}
          </>
        }
        deed={t('rules.delete')}
        comment={{ label: t('rules.deleteNote') }}
        onDo={remove}
      />
    </Stack>
  )
}

/** What the gateway says of a text that is shown as a form. */
function Remarks({ checked }: { checked?: Checked }) {
  const { t } = useT()
  const all = [
    ...(checked?.problems ?? []).map((x) => ({ x, kind: 'wrong' })),
    ...(checked?.doubts ?? []).map((x) => ({ x, kind: 'doubt' })),
  ]
  if (!all.length) return null
  return (
    <ul className="rule-problems" aria-live="polite" aria-label={t('rules.remarks')}>
      {all.map(({ x, kind }, i) => (
        <li key={i} className={kind}>
          {x.path && <code>{x.path}</code>} {x.message}
        </li>
      ))}
    </ul>
  )
}

/** Why it was not saved; another rule with this id may be replaced. */
function Saving({ error }: { error: unknown }) {
  const { t } = useT()
  const taken = error instanceof APIError && error.why.reason === 'id_taken'
  return (
    <>
      <Trouble error={error} />
      {taken && <Text size="sm">{t('rules.takenHelp')}</Text>}
    </>
  )
}
