// Messages: the caller's own addresses and wishes, and the channels by which the school sends.

import {
  Button,
  Checkbox,
  Group,
  PasswordInput,
  Select,
  Stack,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call } from '../../api/client'
import type { Address, Channel, ChannelKind, Wishes } from '../../api/types'
import { useT } from '../../i18n'
import { noPush, pushAddress, pushOff, pushOn } from '../../lib/push'
import { useSchoolParam, useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { useOpen } from '../../ui/address'
import { useSubject } from '../../ui/dialog'
import { FormDialog, useForm } from '../../ui/form'
import { Empty, Facts, fieldError, Loaded, Panel, Rows, said, Tag, Trouble, useDeed } from '../../ui/kit'
import { When } from '../../ui/when'
import { DigestDay, type DigestDayName } from '../../ui/digestday'
import { NoLinks } from '../../ui/nolinks'
import { TextsPanel } from './texts'

export function MessagesTab() {
  const { can } = useSession()
  return (
    <Stack gap="md">
      <NoLinks />
      <Addresses />
      <MyWishes />
      {can('messages:send') && <Channels />}
      {can('messages:send') && <TextsPanel />}
    </Stack>
  )
}

const ways = ['email', 'sms', 'voice'] as const

function Addresses() {
  const { t } = useT()
  const cache = useQueryClient()
  const [making, make, made] = useOpen('address')
  const [confirmID, setConfirm, noConfirm] = useOpen('confirm')
  const deed = useDeed()
  const q = useQuery({ queryKey: ['addresses'], queryFn: () => call('/v1/me/addresses') })
  const renew = () => cache.invalidateQueries({ queryKey: ['addresses'] })
  const path = (a: Address) => `/v1/me/addresses/${encodeURIComponent(a.id)}` as const
  const { subject: confirm } = useSubject(
    confirmID,
    q.data?.items.find((a) => a.id === confirmID),
  )
  const code = (a: Address) =>
    deed.run(async () => {
      await call(`${path(a)}/code`, { method: 'POST' })
      setConfirm(a.id)
    })
  return (
    <Panel
      flush
      title={t('address.title')}
      actions={
        <>
          {q.data && <ThisBrowser all={q.data.items} renew={renew} />}
          <Button size="xs" onClick={() => make('new')}>
            {t('address.add')}
          </Button>
        </>
      }>
      {deed.error !== undefined && <Trouble error={deed.error} />}
      <Loaded q={q}>
        {(d) =>
          d.items.length ? (
            <Rows
              label={t('address.title')}
              rows={d.items}
              id={(a) => a.id}
              columns={[
                { key: 'shown', label: t('address.value'), main: true, cell: (a) => a.shown },
                { key: 'way', label: t('address.way'), cell: (a) => t('way.' + a.way) },
                { key: 'state', label: t('fleet.state'), cell: (a) => <AddressState a={a} /> },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (a) => (
                    <Group gap={4} justify="flex-end">
                      {!a.confirmed && (
                        <Button size="compact-xs" onClick={() => void code(a)} loading={deed.busy}>
                          {t('address.code')}
                        </Button>
                      )}
                      <Button
                        size="compact-xs"
                        variant="default"
                        onClick={() =>
                          void deed.run(async () => {
                            await call(path(a), { method: 'DELETE' })
                            await renew()
                          })
                        }>
                        {t('common.delete')}
                      </Button>
                    </Group>
                  ),
                },
              ]}
            />
          ) : (
            <Empty title={t('address.none')} hint={t('address.noneHint')} />
          )
        }
      </Loaded>
      {making && <AddAddress onClose={made} onMade={renew} />}
      {confirm && <Confirm a={confirm} onClose={noConfirm} onDone={renew} />}
    </Panel>
  )
}

// Whether messages come in this browser, and the button that changes it.
function ThisBrowser({ all, renew }: { all: Address[]; renew: () => Promise<unknown> }) {
  const { t } = useT()
  const deed = useDeed()
  const here = all.some((a) => a.id === pushAddress() && !a.lost)
  const why = noPush()
  const turn = () =>
    deed.run(async () => {
      if (here) await pushOff()
      else if (!(await pushOn())) said(t('push.denied'))
      await renew()
    })
  if (why)
    return (
      <Text size="xs" c="dimmed">
        {t('push.' + why)}
      </Text>
    )
  return (
    <>
      {deed.error !== undefined && <Trouble error={deed.error} />}
      <Button size="xs" variant="default" loading={deed.busy} onClick={() => void turn()}>
        {t(here ? 'push.off' : 'push.on')}
      </Button>
    </>
  )
}

function AddressState({ a }: { a: Address }) {
  const { t } = useT()
  if (a.lost)
    return (
      <>
        <Tag tone="red">{t('address.lost')}</Tag> {a.lost}
      </>
    )
  return a.confirmed ? (
    <Tag tone="green">{t('address.confirmed')}</Tag>
  ) : (
    <Tag tone="orange">{t('address.unconfirmed')}</Tag>
  )
}

function AddAddress({ onClose, onMade }: { onClose: () => void; onMade: () => Promise<unknown> }) {
  const { t } = useT()
  const form = useForm(undefined, { way: 'email' as (typeof ways)[number], value: '' })
  return (
    <FormDialog
      form={form}
      title={t('address.add')}
      deed={t('address.add')}
      ready={!!form.v.value.trim()}
      onClose={onClose}
      save={async () => {
        await call('/v1/me/addresses', {
          method: 'POST',
          body: { way: form.v.way, value: form.v.value.trim() },
        })
        await onMade()
      }}>
      <Select
        label={t('address.way')}
        allowDeselect={false}
        value={form.v.way}
        onChange={(w) => w && form.set({ way: w as (typeof ways)[number] })}
        data={ways.map((w) => ({ value: w, label: t('way.' + w) }))}
      />
      <TextInput
        label={t('address.value')}
        description={t('address.help')}
        required
        data-autofocus
        type={form.v.way === 'email' ? 'email' : 'tel'}
        {...form.text('value')}
      />
    </FormDialog>
  )
}

function Confirm({
  a,
  onClose,
  onDone,
}: {
  a: Address
  onClose: () => void
  onDone: () => Promise<unknown>
}) {
  const { t } = useT()
  const form = useForm(undefined, { code: '' })
  return (
    <FormDialog
      form={form}
      title={t('address.confirm', { shown: a.shown })}
      deed={t('address.confirmDeed')}
      ready={form.v.code.trim().length === 6}
      onClose={onClose}
      save={async () => {
        await call(`/v1/me/addresses/${encodeURIComponent(a.id)}/confirm`, {
          method: 'POST',
          body: { code: form.v.code.trim() },
        })
        said(t('address.confirmed'))
        await onDone()
      }}>
      <Text size="sm">{t('address.codeSent', { shown: a.shown })}</Text>
      <TextInput
        label={t('address.theCode')}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={6}
        required
        data-autofocus
        {...form.text('code')}
      />
    </FormDialog>
  )
}

function MyWishes() {
  const { t } = useT()
  const q = useQuery({ queryKey: ['wishes'], queryFn: () => call('/v1/me/wishes') })
  return (
    <Panel title={t('wishes.title')}>
      <Loaded q={q}>{(w) => <WishesForm first={w} />}</Loaded>
    </Panel>
  )
}

function WishesForm({ first }: { first: Wishes }) {
  const { t } = useT()
  const [from, setFrom] = useState(first.quiet_from ?? '')
  const [to, setTo] = useState(first.quiet_to ?? '')
  const [digest, setDigest] = useState(first.digest ?? '')
  const [day, setDay] = useState((first.digest_day ?? '') as DigestDayName)
  const deed = useDeed()
  const save = (e: FormEvent) => {
    e.preventDefault()
    void deed.run(async () => {
      await call('/v1/me/wishes', {
        method: 'PUT',
        body: {
          language: first.language as 'en' | 'zh-CN' | undefined,
          quiet_from: from || undefined,
          quiet_to: to || undefined,
          digest: digest || undefined,
          digest_day: (digest && day) || undefined,
        },
      })
      said(t('wishes.saved'))
    })
  }
  return (
    <form onSubmit={save}>
      <Text size="sm" mb="sm">
        {t('wishes.help')}
      </Text>
      <Group align="flex-end">
        <TextInput
          type="time"
          label={t('wishes.from')}
          value={from}
          error={fieldError(deed.error, 'quiet_from')}
          onChange={(e) => setFrom(e.currentTarget.value)}
        />
        <TextInput
          type="time"
          label={t('wishes.to')}
          value={to}
          error={fieldError(deed.error, 'quiet_to')}
          onChange={(e) => setTo(e.currentTarget.value)}
        />
        <TextInput
          type="time"
          label={t('wishes.digest')}
          value={digest}
          error={fieldError(deed.error, 'digest')}
          onChange={(e) => setDigest(e.currentTarget.value)}
        />
        {digest && <DigestDay value={day} onChange={setDay} />}
        <Button type="submit" loading={deed.busy}>
          {t('common.save')}
        </Button>
      </Group>
      {deed.error !== undefined && <Trouble error={deed.error} />}
    </form>
  )
}

function Channels() {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const [making, make, made] = useOpen('channel')
  const [goneID, setGone, noGone] = useOpen('delete')
  const test = useDeed()
  const q = useQuery({
    queryKey: ['channels', school],
    queryFn: () => call('/v1/channels', { query: { school } }),
    refetchInterval: 10_000,
  })
  const renew = () => cache.invalidateQueries({ queryKey: ['channels'] })
  const { subject: gone } = useSubject(
    goneID,
    q.data?.items.find((c) => c.id === goneID),
  )
  const fire = (c: Channel) =>
    test.run(async () => {
      await call(`/v1/channels/${encodeURIComponent(c.id)}/test`, { method: 'POST' })
      said(t('channel.tested'))
      await renew()
    })
  return (
    <Panel
      flush
      title={t('channel.title')}
      actions={
        can('settings:write') && (
          <Button size="xs" onClick={() => make('new')}>
            {t('channel.add')}
          </Button>
        )
      }>
      {test.error !== undefined && <Trouble error={test.error} />}
      <Loaded q={q}>
        {(d) =>
          d.items.length ? (
            <Rows
              label={t('channel.title')}
              rows={d.items}
              id={(c) => c.id}
              columns={[
                {
                  key: 'name',
                  label: t('channel.name'),
                  main: true,
                  cell: (c) => (
                    <>
                      {c.name}
                      <Text size="xs" c="dimmed">
                        {t('channelKind.' + c.kind)} · {t('way.' + c.way)}
                      </Text>
                    </>
                  ),
                },
                { key: 'state', label: t('fleet.state'), cell: (c) => <ChannelState c={c} /> },
                { key: 'sent', label: t('channel.sent'), cell: (c) => String(c.health.sent) },
                { key: 'last', label: t('channel.lastSent'), cell: (c) => <When at={c.health.last_sent} /> },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (c) =>
                    can('settings:write') && (
                      <Group gap={4} justify="flex-end">
                        <Button size="compact-xs" variant="default" onClick={() => void fire(c)}>
                          {t('channel.test')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => make(c.id)}>
                          {t('common.edit')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => setGone(c.id)}>
                          {t('common.delete')}
                        </Button>
                      </Group>
                    ),
                },
              ]}
            />
          ) : (
            <Empty title={t('channel.none')} hint={t('channel.noneHint')} />
          )
        }
      </Loaded>
      {making && q.data && (
        <EditChannel
          key={making}
          channel={q.data.items.find((c) => c.id === making)}
          onClose={made}
          onDone={renew}
        />
      )}
      <Ask
        opened={!!gone}
        onClose={noGone}
        danger
        title={t('channel.delete')}
        text={t('channel.deleteText', { name: gone?.name ?? '' })}
        deed={t('channel.delete')}
        onDo={async () => {
          await call(`/v1/channels/${encodeURIComponent(gone!.id)}`, { method: 'DELETE' })
          await renew()
        }}
      />
    </Panel>
  )
}

function ChannelState({ c }: { c: Channel }) {
  const { t } = useT()
  const h = c.health
  const failing = h.last_error && (!h.last_sent || Date.parse(h.error_at!) > Date.parse(h.last_sent))
  if (c.disabled) return <Tag>{t('channel.off')}</Tag>
  if (!failing) return <Tag tone="green">{t('channel.on')}</Tag>
  return (
    <>
      <Tag tone="red">{t('channel.failing')}</Tag> {h.last_error}
    </>
  )
}

interface EditProps {
  channel?: Channel
  onClose: () => void
  onDone: () => Promise<unknown>
}

function EditChannel(p: EditProps) {
  const q = useQuery({ queryKey: ['channel-kinds'], queryFn: () => call('/v1/channel-kinds') })
  return <Loaded q={q}>{(d) => <ChannelForm {...p} kinds={d.items} />}</Loaded>
}

function ChannelForm({ channel, kinds, onClose, onDone }: EditProps & { kinds: ChannelKind[] }) {
  const { t } = useT()
  const school = useSchoolParam()
  const form = useForm(undefined, {
    kind: channel?.kind ?? 'smtp',
    name: channel?.name ?? '',
    used: !channel?.disabled,
    settings: { ...channel?.settings } as Record<string, string>,
    secrets: {} as Record<string, string>,
  })
  const { v, set } = form
  const fields = kinds.find((k) => k.kind === v.kind)?.fields ?? []
  const given = (m: Record<string, string>) =>
    Object.fromEntries(Object.entries(m).filter(([, x]) => x !== ''))
  const save = async () => {
    const body = {
      kind: v.kind,
      name: v.name.trim(),
      settings: given(v.settings),
      secrets: given(v.secrets),
      disabled: !v.used,
      school,
    }
    if (channel) await call(`/v1/channels/${encodeURIComponent(channel.id)}`, { method: 'PUT', body })
    else await call('/v1/channels', { method: 'POST', body })
    await onDone()
  }
  return (
    <FormDialog
      form={form}
      title={channel ? channel.name : t('channel.add')}
      deed={t('common.save')}
      ready={!!v.name.trim()}
      onClose={onClose}
      save={save}
      size="lg">
      {!channel && (
        <Select
          label={t('channel.kind')}
          allowDeselect={false}
          value={v.kind}
          onChange={(k) => k && set({ kind: k, settings: {}, secrets: {} })}
          data={kinds.map((k) => ({ value: k.kind, label: t('channelKind.' + k.kind) }))}
        />
      )}
      <TextInput label={t('channel.name')} required maxLength={100} {...form.text('name')} />
      {fields.map((f) => (
        <ChannelField key={f.name} f={f} channel={channel} form={form} />
      ))}
      <TextInput
        label={t('channelField.per_minute')}
        description={t('channelHelp.per_minute')}
        inputMode="numeric"
        maxLength={6}
        value={v.settings.per_minute ?? ''}
        error={form.said('settings.per_minute')}
        onChange={(e) => set({ settings: { ...v.settings, per_minute: e.currentTarget.value } })}
      />
      <Checkbox label={t('channel.used')} {...form.check('used')} />
      {channel && <Facts items={[[t('channel.failed'), String(channel.health.failed)]]} />}
    </FormDialog>
  )
}

type ChannelForm = ReturnType<
  typeof useForm<{
    kind: string
    name: string
    used: boolean
    settings: Record<string, string>
    secrets: Record<string, string>
  }>
>

// One setting of a channel: a secret, one of a few words, a certificate of many lines, or a line.
function ChannelField({
  f,
  channel,
  form,
}: {
  f: ChannelKind['fields'][number]
  channel?: Channel
  form: ChannelForm
}) {
  const { t } = useT()
  const { v, set } = form
  const label = t(`channelFieldOf.${v.kind}.${f.name}`, { defaultValue: t('channelField.' + f.name) })
  const description = t('channelHelp.' + f.name, { defaultValue: '' }) || undefined
  if (f.secret)
    return (
      <PasswordInput
        label={label}
        required={f.needed && !channel?.secrets.includes(f.name)}
        placeholder={channel?.secrets.includes(f.name) ? t('channel.kept') : ''}
        autoComplete="off"
        value={v.secrets[f.name] ?? ''}
        error={form.said('secrets.' + f.name)}
        onChange={(e) => set({ secrets: { ...v.secrets, [f.name]: e.currentTarget.value } })}
      />
    )
  const put = (x: string) => set({ settings: { ...v.settings, [f.name]: x } })
  const line = {
    label,
    description,
    required: f.needed,
    maxLength: 2000,
    value: v.settings[f.name] ?? '',
    error: form.said('settings.' + f.name),
  }
  if (f.options?.length)
    return (
      <Select
        label={label}
        description={description}
        clearable={!f.needed}
        required={f.needed}
        data={f.options.map((x) => ({
          value: x,
          label: t(`channelOption.${f.name}.${x}`, { defaultValue: x }),
        }))}
        value={v.settings[f.name] ?? null}
        error={line.error}
        onChange={(x) => put(x ?? '')}
      />
    )
  if (f.name === 'ca')
    return (
      <Textarea {...line} autosize minRows={2} maxRows={6} onChange={(e) => put(e.currentTarget.value)} />
    )
  return <TextInput {...line} onChange={(e) => put(e.currentTarget.value)} />
}
