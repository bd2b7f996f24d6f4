// Messages to people: broadcasts with a preview, what came of each, and sending again to those who
// have not read it.

import {
  Button,
  Checkbox,
  Group,
  MultiSelect,
  Progress,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import {
  personKinds,
  signInRoles,
  type Message,
  type PersonKind,
  type Preview,
  type Role,
} from '../api/types'
import { useT } from '../i18n'
import { useSchoolParam, useSession } from '../session'
import { useOpen } from '../ui/address'
import { Ask } from '../ui/ask'
import { Dialog } from '../ui/dialog'
import { FormDialog, useForm } from '../ui/form'
import { toldTones } from '../ui/told'
import { Empty, leaves, Loaded, Page, Panel, Rows, said, Tag } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { When } from '../ui/when'

export function MessagesPage() {
  const { t } = useT()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const [making, make, made] = useOpen('new')
  const [shown, show, hide] = useOpen('message')
  const list = usePaged('messages', '/v1/messages', { school, kind: undefined }, { every: 10_000 })
  const renew = () => cache.invalidateQueries({ queryKey: ['messages'] })
  return (
    <Page
      title={t('nav.messages')}
      sub={t('message.sub')}
      actions={<Button onClick={() => make('1')}>{t('message.new')}</Button>}>
      <Panel flush label={t('nav.messages')}>
        <PagedList list={list} empty={<Empty title={t('message.none')} hint={t('message.noneHint')} />}>
          {(rows) => (
            <Rows
              label={t('nav.messages')}
              rows={rows}
              id={(m) => m.id}
              columns={[
                {
                  key: 'subject',
                  label: t('message.subject'),
                  main: true,
                  cell: (m) => (
                    <>
                      {subject(m, t('messageKind.' + m.kind))}
                      <Text size="xs" c="dimmed">
                        {t('messageKind.' + m.kind)} · {m.asked.replace(/^\S+ /, '')}
                      </Text>
                    </>
                  ),
                },
                { key: 'read', label: t('message.readOf'), cell: (m) => <ReadOf m={m} /> },
                { key: 'created', label: t('message.sent'), cell: (m) => <When at={m.created} /> },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (m) => (
                    <Button size="compact-xs" variant="default" onClick={() => show(m.id)}>
                      {t('message.open')}
                    </Button>
                  ),
                },
              ]}
            />
          )}
        </PagedList>
      </Panel>
      {making && (
        <Write
          onClose={made}
          onSent={async (id) => {
            await renew()
            show(id)
          }}
        />
      )}
      {shown && <OneMessage key={shown} id={shown} onClose={hide} onChanged={renew} />}
    </Page>
  )
}

const subject = (m: Message, otherwise: string) => m.params?.subject || m.params?.title || otherwise

const total = (m: Message) => Object.values(m.counts).reduce((a, b) => a + b, 0)

function ReadOf({ m }: { m: Message }) {
  const { t } = useT()
  const all = total(m)
  const read = m.counts.read ?? 0
  const failed = m.counts.failed ?? 0
  return (
    <div>
      <Text size="sm">
        {t('message.readCount', { read, all })}
        {failed > 0 && ' · ' + t('message.failedCount', { n: failed })}
      </Text>
      <Progress.Root size="sm" aria-hidden>
        <Progress.Section value={all ? (100 * read) / all : 0} color="green" />
        <Progress.Section value={all ? (100 * failed) / all : 0} color="red" />
      </Progress.Root>
    </div>
  )
}

function OneMessage({
  id,
  onClose,
  onChanged,
}: {
  id: string
  onClose: () => void
  onChanged: () => Promise<unknown>
}) {
  const { t } = useT()
  const [which, setWhich] = useState('unread')
  const [again, setAgain] = useState(false)
  const [stop, setStop] = useState(false)
  const q = useQuery({
    queryKey: ['messages', 'one', id],
    queryFn: () => call(`/v1/messages/${encodeURIComponent(id)}`),
    refetchInterval: 5000,
  })
  const list = usePaged(
    'recipients',
    `/v1/messages/${encodeURIComponent(id)}/recipients`,
    { state: which === 'failed' ? 'failed' : undefined, unread: which === 'unread' || undefined },
    { every: 5000, name: 'told' },
  )
  return (
    <Dialog
      opened
      onClose={onClose}
      title={q.data ? subject(q.data, t('messageKind.' + q.data.kind)) : ''}
      size="xl">
      <Loaded q={q}>
        {(m) => (
          <Stack>
            {m.params?.text && (
              <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
                {m.params.text}
              </Text>
            )}
            <ReadOf m={m} />
            {m.stopped && (
              <Text size="sm">
                <Tag tone="orange">{t('toldState.stopped')}</Tag> {m.why}
              </Text>
            )}
            <Group justify="space-between">
              <SegmentedControl
                value={which}
                onChange={setWhich}
                data={['unread', 'failed', 'all'].map((k) => ({ value: k, label: t('message.' + k) }))}
              />
              <Group gap="xs">
                {m.kind === 'broadcast' && (m.counts.read ?? 0) < total(m) && (
                  <Button size="xs" onClick={() => setAgain(true)}>
                    {t('message.again')}
                  </Button>
                )}
                {!m.stopped && (m.counts.waiting ?? 0) > 0 && (
                  <Button size="xs" variant="default" onClick={() => setStop(true)}>
                    {t('message.stop')}
                  </Button>
                )}
              </Group>
            </Group>
            <Recipients list={list} />
          </Stack>
        )}
      </Loaded>
      {again && <Again id={id} onClose={() => setAgain(false)} onSent={onChanged} />}
      <Ask
        opened={stop}
        onClose={() => setStop(false)}
        title={t('message.stop')}
        text={t('message.stopText')}
        deed={t('message.stop')}
        comment={{ label: t('message.why') }}
        onDo={async (why) => {
          await call(`/v1/messages/${encodeURIComponent(id)}/stop`, { method: 'POST', body: { why } })
          await onChanged()
        }}
      />
    </Dialog>
  )
}

function Recipients({ list }: { list: ReturnType<typeof usePaged<`/v1/messages/${string}/recipients`>> }) {
  const { t } = useT()
  return (
    <PagedList list={list} empty={<Empty title={t('message.nobody')} />}>
      {(rows) => (
        <Rows
          label={t('message.recipients')}
          rows={rows}
          id={(x) => x.id}
          columns={[
            {
              key: 'name',
              label: t('message.recipient'),
              main: true,
              cell: (x) => x.name || x.person || x.channel,
            },
            {
              key: 'state',
              label: t('fleet.state'),
              cell: (x) => (
                <>
                  <Tag tone={toldTones[x.state]}>{t('toldState.' + x.state)}</Tag>{' '}
                  {x.code && t('toldCode.' + x.code, { defaultValue: x.code })}
                </>
              ),
            },
            {
              key: 'ways',
              label: t('message.by'),
              cell: (x) =>
                x.ways.map((w) => (
                  <Text key={w.id} size="xs">
                    {t('way.' + w.way)}: {t('toldState.' + w.state)} {w.error || w.code}
                    {w.moved && ' ' + t('message.moved', { from: w.moved })}
                  </Text>
                )),
            },
            { key: 'read', label: t('toldState.read'), cell: (x) => <When at={x.read} /> },
          ]}
        />
      )}
    </PagedList>
  )
}

const broadcastWays = ['push', 'email', 'sms', 'voice'] as const
type WayOfBroadcast = (typeof broadcastWays)[number]

function Again({ id, onClose, onSent }: { id: string; onClose: () => void; onSent: () => Promise<unknown> }) {
  const { t } = useT()
  const form = useForm(undefined, { ways: ['sms'] as WayOfBroadcast[] })
  return (
    <FormDialog
      form={form}
      title={t('message.again')}
      deed={t('message.again')}
      ready={form.v.ways.length > 0}
      onClose={onClose}
      save={async () => {
        await call(`/v1/messages/${encodeURIComponent(id)}/again`, {
          method: 'POST',
          body: { steps: [{ ways: form.v.ways }] },
        })
        said(t('message.queued'))
        await onSent()
      }}>
      <Text size="sm">{t('message.againText')}</Text>
      <Ways value={form.v.ways} onChange={(w) => form.set({ ways: w })} />
    </FormDialog>
  )
}

function Ways({ value, onChange }: { value: WayOfBroadcast[]; onChange: (w: WayOfBroadcast[]) => void }) {
  const { t } = useT()
  return (
    <Checkbox.Group label={t('message.ways')} value={value} onChange={(w) => onChange(w as WayOfBroadcast[])}>
      <Group mt="xs">
        {broadcastWays.map((w) => (
          <Checkbox key={w} value={w} label={t('way.' + w)} />
        ))}
      </Group>
    </Checkbox.Group>
  )
}

function Write({ onClose, onSent }: { onClose: () => void; onSent: (id: string) => Promise<unknown> }) {
  const { t } = useT()
  const school = useSchoolParam()
  const { can } = useSession()
  const [preview, setPreview] = useState<{ of: string; is: Preview }>()
  const form = useForm('BroadcastInput', {
    kinds: [] as PersonKind[],
    classes: [] as string[],
    guardians: [] as string[],
    roles: [] as Role[],
    subject: '',
    text: '',
    subject_zh: '',
    text_zh: '',
    urgent: false,
  })
  const { v, set, text } = form
  const classes = useQuery({
    queryKey: ['classes', school],
    queryFn: () => call('/v1/classes', { query: { school } }),
    enabled: can('people:read'),
  })
  const body = {
    school,
    audience: { kinds: v.kinds, classes: v.classes, guardians: v.guardians, roles: v.roles },
    subject: v.subject.trim(),
    text: v.text.trim(),
    subject_zh: v.subject_zh.trim() || undefined,
    text_zh: v.text_zh.trim() || undefined,
    urgent: v.urgent,
  }
  const now = JSON.stringify(body)
  const counted = preview?.of === now ? preview.is : undefined
  const save = async () => {
    if (!counted) {
      setPreview({ of: now, is: await call('/v1/broadcasts/preview', { method: 'POST', body }) })
      return leaves
    }
    const { id } = await call('/v1/broadcasts', { method: 'POST', body })
    said(t('message.queued'))
    await onSent(id)
  }
  const named = v.kinds.length + v.classes.length + v.guardians.length + v.roles.length > 0
  const names = classes.data?.items ?? []
  return (
    <FormDialog
      form={form}
      title={t('message.new')}
      deed={counted ? t('message.sendTo', { n: counted.recipients }) : t('message.count')}
      ready={named && !!v.subject.trim() && !!v.text.trim()}
      onClose={onClose}
      save={save}
      size="lg">
      <MultiSelect
        label={t('message.guardiansOf')}
        data={names}
        value={v.guardians}
        onChange={(x) => set({ guardians: x })}
        searchable
      />
      <MultiSelect
        label={t('message.classes')}
        data={names}
        value={v.classes}
        onChange={(x) => set({ classes: x })}
        searchable
      />
      <MultiSelect
        label={t('message.kinds')}
        data={personKinds.map((k) => ({ value: k, label: t('personKind.' + k) }))}
        value={v.kinds}
        onChange={(x) => set({ kinds: x as PersonKind[] })}
      />
      <MultiSelect
        label={t('message.roles')}
        data={signInRoles.map((r) => ({ value: r, label: t('role.' + r) }))}
        value={v.roles}
        onChange={(x) => set({ roles: x as Role[] })}
      />
      <TextInput label={t('message.subject')} required {...text('subject')} />
      <Textarea label={t('message.text')} required autosize minRows={3} {...text('text')} />
      <TextInput label={t('message.subjectZH')} {...text('subject_zh')} />
      <Textarea label={t('message.textZH')} autosize minRows={2} {...text('text_zh')} />
      <Checkbox label={t('message.urgent')} description={t('message.urgentHelp')} {...form.check('urgent')} />
      {counted && <Counted p={counted} />}
    </FormDialog>
  )
}

function Counted({ p }: { p: Preview }) {
  const { t } = useT()
  const by = broadcastWays.filter((w) => p.by_way[w]).map((w) => `${t('way.' + w)} ${p.by_way[w]}`)
  return (
    <Panel label={t('message.preview')}>
      <Text fw={600}>{t('message.recipientsCount', { n: p.recipients })}</Text>
      {by.length > 0 && <Text size="sm">{t('message.reachable', { by: by.join(' · ') })}</Text>}
      {p.no_address > 0 && (
        <Text size="sm" c="var(--orange-ink)">
          {t('message.noAddress', { n: p.no_address })}
        </Text>
      )}
      {p.not_wished > 0 && (
        <Text size="sm" c="var(--orange-ink)">
          {t('message.notWished', { n: p.not_wished })}
        </Text>
      )}
    </Panel>
  )
}
