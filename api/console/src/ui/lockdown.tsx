// The threat level of the school: the banner that everybody sees, and the dialog of the all-clear.

import { Button, Group, PasswordInput, Stack, Text, Textarea } from '@mantine/core'
import { IconAlertOctagon } from '@tabler/icons-react'
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import type { Lockdown } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useNow, useSchoolParam, useSession } from '../session'
import { FormDialog, useForm } from './form'
import { Panel, said, Trouble } from './kit'
import { useDoorWords } from './levelpreview'

/** The lockdowns that stand. The stream renews them; asking now and then covers a lost stream. */
export function useStanding() {
  const school = useSchoolParam()
  return useQuery({
    queryKey: ['lockdown', school],
    queryFn: ({ signal }) => call('/v1/lockdown', { query: { school }, signal }),
    refetchInterval: 15_000,
  })
}

/** Reads again what a change of the level touches. */
export function renewLockdowns(cache: QueryClient) {
  for (const k of ['lockdown', 'lockdowns', 'alerts', 'commands'])
    void cache.invalidateQueries({ queryKey: [k] })
}

export function LockdownBanner() {
  const { can } = useSession()
  const standing = useStanding().data?.lockdowns ?? []
  const [ending, setEnding] = useState<Lockdown>()
  return (
    <>
      {standing.map((l) => (
        <Stands key={l.id} l={l} onEnd={can('lockdown:clear') ? () => setEnding(l) : undefined} />
      ))}
      {ending && <ClearDialog l={ending} onClose={() => setEnding(undefined)} />}
    </>
  )
}

function Stands({ l, onEnd }: { l: Lockdown; onEnd?: () => void }) {
  const { t } = useT()
  const { me, schools, can } = useSession()
  const f = useFormat()
  const now = useNow(1000)
  const where = schools.length > 1 ? schools.find((s) => s.id === l.school)?.name : ''
  const doors = useDoorWords()(l.doors)
  const mine = l.raised_by === me.user.id
  return (
    <div
      className="banner lockdown"
      data-tone={l.drill ? 'blue' : 'red'}
      role={l.drill ? 'status' : 'alert'}
      data-testid="lockdown">
      <span className="banner-text">
        <IconAlertOctagon size={20} aria-hidden />
        <span>
          <strong>
            {l.drill && t('lockdown.drillMark') + ' '}
            {f.local(l.title, l.title_zh)}
          </strong>
          {where && ` · ${where}`} ·{' '}
          {t('lockdown.since', { age: f.ago(l.raised, now), by: l.raised_by_name })}
          {l.text && <span className="lockdown-text">{f.local(l.text, l.text_zh)}</span>}
          {doors && <span className="lockdown-text">{doors}</span>}
        </span>
      </span>
      {l.incident && can('alerts:read') && me.user.role !== 'integrator' && (
        <Button size="compact-sm" variant="default" component={Link} to={`/incidents/${l.incident}`}>
          {t('lockdown.incident')}
        </Button>
      )}
      {can('alerts:read') && me.user.role !== 'integrator' && (
        <Button size="compact-sm" variant="default" component={Link} to="/lockdown">
          {t('lockdown.details')}
        </Button>
      )}
      {onEnd &&
        (mine ? (
          <span className="lockdown-text">{t('lockdown.second')}</span>
        ) : (
          <Button size="compact-sm" variant="white" color="dark" onClick={onEnd} data-testid="all-clear">
            {t('lockdown.clear')}
          </Button>
        ))}
    </div>
  )
}

/** The all-clear, by a second person. */
function ClearDialog({ l, onClose }: { l: Lockdown; onClose: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const form = useForm('ClearInput', { note: '', code: '' })
  const save = async () => {
    await call(`/v1/lockdowns/${encodeURIComponent(l.id)}/clear`, {
      method: 'POST',
      body: { version: l.version, note: form.v.note, code: form.v.code || undefined },
    })
    renewLockdowns(cache)
  }
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={t('lockdown.clearTitle', { level: f.local(l.title, l.title_zh) })}
      form={form}
      deed={t('lockdown.clear')}
      testid="clear-now"
      save={save}>
      <p>{t('lockdown.clearHint')}</p>
      <Textarea label={t('lockdown.clearNote')} autosize minRows={2} {...form.text('note')} />
      <PasswordInput
        label={t('lockdown.code')}
        inputMode="numeric"
        autoComplete="off"
        data-testid="clear-code"
        {...form.text('code')}
      />
    </FormDialog>
  )
}

/** The user's own codes for the all-clear: the usual one, and the one for when they are made to give it. */
export function ClearCodes() {
  const { t } = useT()
  const form = useForm('ClearCodesInput', { code: '', duress: '' })
  const save = (codes: { code: string; duress: string }) =>
    void form.run(async () => {
      await call('/v1/me/clear-codes', { method: 'PUT', body: codes })
      form.set({ code: '', duress: '' })
      said(t(codes.code ? 'lockdown.codesSet' : 'lockdown.codesGone'))
    })
  return (
    <Panel title={t('lockdown.codes')}>
      <Stack gap="sm">
        <Text size="sm">{t('lockdown.codesHint')}</Text>
        <Group grow align="start">
          <PasswordInput
            label={t('lockdown.ownCode')}
            inputMode="numeric"
            autoComplete="off"
            {...form.text('code')}
          />
          <PasswordInput
            label={t('lockdown.duressCode')}
            inputMode="numeric"
            autoComplete="off"
            {...form.text('duress')}
          />
        </Group>
        <Group>
          <Button
            disabled={!form.v.code || !form.v.duress}
            loading={form.busy}
            data-testid="save-codes"
            onClick={() => save(form.v)}>
            {t('common.save')}
          </Button>
          <Button variant="default" loading={form.busy} onClick={() => save({ code: '', duress: '' })}>
            {t('lockdown.noCodes')}
          </Button>
        </Group>
        {form.error !== undefined && <Trouble error={form.error} />}
      </Stack>
    </Panel>
  )
}
