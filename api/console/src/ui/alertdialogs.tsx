// The dialogs of alerts, for all pages. The open one is in the address; it stays open when a
// colleague's action removes the alert from the wall, and says what was done.

import { Alert as Notice, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { APIError, ask, call } from '../api/client'
import type { Alert, Sent } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { useAddress } from './address'
import { AlertCard } from './alertcard'
import { Dialog, useSubject } from './dialog'
import { FaceAsks, questionsOf } from './faceasks'
import { lastHand } from '../lib/alerthands'
import { Ask } from './ask'
import { said, Trouble } from './kit'
import { PersonPicker } from './personpicker'
import { FormDialog, useForm } from './form'
import { ShelveDialog } from './shelve'

export type AlertDeed = 'resolve' | 'shelve' | 'close' | 'enrol' | 'picture' | 'look'

/** Opens a dialog about an alert. */
export function useAlertDialog() {
  const { get, change } = useAddress()
  return {
    id: get('alert'),
    deed: get('do') as AlertDeed | '',
    open: (id: string, deed: AlertDeed) => change({ alert: id, do: deed }),
    close: () => change({ alert: null, do: null }, { replace: true }),
  }
}

const resolvable: Alert['state'][] = ['open', 'acknowledged']

export function AlertDialogs() {
  const { t } = useT()
  const { can } = useSession()
  const { id, deed, close } = useAlertDialog()
  const cache = useQueryClient()
  const q = useQuery({
    queryKey: ['alert', id],
    queryFn: () => call(`/v1/alerts/${encodeURIComponent(id)}`),
    enabled: id !== '' && can('alerts:read'),
    retry: false,
  })
  const lost = q.error instanceof APIError && q.error.status === 404
  const { subject: a, gone } = useSubject<Alert>(id, lost ? undefined : q.data)
  const renew = () => {
    void cache.invalidateQueries({ queryKey: ['alerts'] })
    void cache.invalidateQueries({ queryKey: ['alert'] })
    void cache.invalidateQueries({ queryKey: ['incidents'] })
  }
  const act = async (what: string, body: Sent<'CommentInput'> | Sent<'ResolveInput'>) => {
    try {
      await ask(`/v1/alerts/${encodeURIComponent(id)}/${what}`, { method: 'POST', body })
    } finally {
      renew()
    }
  }
  if (!a || !can('alerts:read')) return null
  if (deed === 'look')
    return (
      <Dialog opened size="lg" title={t('alerts.one')} gone={gone} onClose={close}>
        <AlertCard a={a} more />
      </Dialog>
    )
  if (!can('alerts:write')) return null
  const common = { gone, onClose: close }
  return (
    <>
      <Ask
        {...common}
        opened={deed === 'resolve'}
        title={t(a.firing ? 'wall.silenceTitle' : 'wall.resolveTitle')}
        deed={t(a.firing ? 'wall.silence' : 'wall.resolve')}
        over={!resolvable.includes(a.state)}
        text={
          <>
            <About a={a} until={resolvable} />
            {a.firing && <Text size="sm">{t('wall.silenceText')}</Text>}
          </>
        }
        comment={{ label: t('wall.resolveComment'), required: true }}
        onDo={(comment) => act('resolve', { version: a.version, comment, until_it_ends: a.firing })}
      />
      <Ask
        {...common}
        opened={deed === 'close'}
        title={t('wall.closeTitle')}
        deed={t('wall.close')}
        over={a.state !== 'resolved'}
        text={<About a={a} until={['resolved']} />}
        comment={{ label: t('wall.closeComment') }}
        onDo={(comment) => act('close', { version: a.version, comment })}
      />
      {deed === 'shelve' && (
        <ShelveDialog key={id} what={{ alerts: [a], groups: [] }} gone={gone} onClose={close} />
      )}
      {deed === 'enrol' && can('faces:admin') && (
        <Enrol key={id} a={a} gone={gone} onClose={close} onDone={renew} />
      )}
      {deed === 'picture' && can('camera:view') && (
        <Picture key={id} a={a} gone={gone} onClose={close} onDone={renew} />
      )}
    </>
  )
}

/** The alert; and who was quicker, with their comment, if so. */
function About({ a, until }: { a: Alert; until: Alert['state'][] }) {
  const { t } = useT()
  const f = useFormat()
  const { me } = useSession()
  const who = lastHand(a)
  const mine = [a.handler, a.resolver, a.closer].includes(me.user.id) && who === me.user.full_name
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {[f.local(a.title, a.title_zh), a.zone_name, a.device_name].filter(Boolean).join(' · ')}
      </Text>
      {a.handler_name && until.includes(a.state) && (
        <Text size="sm">{t('wall.handledBy', { name: a.handler_name })}</Text>
      )}
      {!until.includes(a.state) && !mine && (
        <Notice color="orange" variant="light" role="alert" data-testid="changed">
          {t(who ? 'wall.meanwhile' : 'wall.meanwhileSo', { state: t('alertState.' + a.state), name: who })}
          {a.comment && ` “${a.comment}”`}
        </Notice>
      )}
    </Stack>
  )
}

interface DialogProps {
  a: Alert
  gone: boolean
  onClose: () => void
  onDone: () => void
}

function Enrol({ a, gone, onClose, onDone }: DialogProps) {
  const { t } = useT()
  const form = useForm('EnrolInput', { who: 'visitor', person: '', name: '' })
  const consent = useForm('ConsentInput', { by: '', note: '' })
  const { who, person } = form.v
  const name = form.v.name.trim()
  const by = consent.v.by.trim()
  const note = consent.v.note.trim()
  const { can } = useSession()
  const kinds = can('people:write') ? ['visitor', 'guardian', 'staff'] : ['visitor']
  const save = async (answers?: string[]) => {
    const subject = who === 'existing' ? { person } : { kind: who as Sent<'EnrolInput'>['kind'], name }
    await call(`/v1/alerts/${encodeURIComponent(a.id)}/enrol`, {
      method: 'POST',
      body: { ...subject, consent: { by, note }, answers } satisfies Sent<'EnrolInput'>,
    })
    said(t('enrol.done'))
    onDone()
  }
  return (
    <FormDialog
      form={form}
      save={() => save()}
      ready={!!by && !!note && (who === 'existing' ? !!person : !!name)}
      deed={t('enrol.deed')}
      trouble={(e) => e !== undefined && questionsOf(e).length === 0 && <Trouble error={e} />}
      gone={gone}
      onClose={onClose}
      title={t('enrol.title')}>
      <Group wrap="nowrap" align="flex-start">
        {a.media && (
          <img
            className="enrol-shot"
            src={`/v1/media/${encodeURIComponent(a.media)}`}
            alt={t('wall.snapshotOf', { title: a.title })}
          />
        )}
        <Text size="sm">{t('enrol.text')}</Text>
      </Group>
      <Select
        label={t('enrol.who')}
        value={who}
        allowDeselect={false}
        onChange={(v) => v && form.set({ who: v })}
        data={[
          ...kinds.map((k) => ({ value: k, label: t('enrol.new', { kind: t('personKind.' + k) }) })),
          { value: 'existing', label: t('enrol.existing') },
        ]}
      />
      {who === 'existing' ? (
        <PersonPicker value={person} onChange={(id) => form.set({ person: id })} label={t('enrol.person')} />
      ) : (
        <TextInput label={t('people.name')} required {...form.text('name')} />
      )}
      <TextInput label={t('consent.by')} description={t('consent.byHelp')} required {...consent.text('by')} />
      <TextInput
        label={t('consent.note')}
        description={t('consent.noteHelp')}
        required
        {...consent.text('note')}
      />
      <FaceAsks
        questions={questionsOf(form.error)}
        busy={form.busy}
        onClose={form.forgive}
        onAnswer={(x) => void form.run(() => save(x).then(onClose))}
      />
    </FormDialog>
  )
}

const spans = ['3', '7', '30', '90'] // days

/** The picture of an alert: keep it longer, with a reason and an end, or delete it at once. */
function Picture({ a, gone, onClose, onDone }: DialogProps) {
  const { t } = useT()
  const f = useFormat()
  const form = useForm('KeepInput', { reason: '', days: '7' })
  const { v, set, text } = form
  const reason = v.reason.trim()
  const path = `/v1/alerts/${encodeURIComponent(a.id)}/picture` as const
  const done = (what: string) => {
    said(t(what))
    onDone()
  }
  const keep = async () => {
    const until = new Date(Date.now() + Number(v.days) * 86_400_000 - 60_000).toISOString()
    await call(path, { method: 'PUT', body: { reason, until } satisfies Sent<'KeepInput'> })
    done('picture.kept')
  }
  const destroy = async () => {
    await call(path, { query: { reason }, method: 'DELETE' })
    done('picture.destroyed')
  }
  return (
    <FormDialog
      form={form}
      save={keep}
      deed={t('picture.keep')}
      other={{ deed: t('picture.destroy'), run: destroy }}
      ready={!!reason}
      gone={gone}
      onClose={onClose}
      title={t('picture.title')}
      subject={{ media: a.media, picture_until: a.picture_until }}>
      <Text size="sm">
        {a.picture_until ? t('picture.keptUntil', { time: f.moment(a.picture_until) }) : t('picture.hours')}
      </Text>
      <TextInput label={t('picture.reason')} required {...text('reason')} />
      <Select
        label={t('picture.until')}
        allowDeselect={false}
        value={v.days}
        onChange={(days) => days && set({ days })}
        data={spans.map((n) => ({ value: n, label: t('picture.days', { n }) }))}
      />
    </FormDialog>
  )
}
