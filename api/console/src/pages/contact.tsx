// How a person is reached: addresses, language, quiet hours, and the agreement to messages. Reading
// it is audited, so it is read when somebody asks.

import { Button, Checkbox, Group, Select, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { query, tagged } from '../api/client'
import { change } from '../api/change'
import type { Contact, PersonPage } from '../api/types'
import { useT } from '../i18n'
import { useSession } from '../session'
import { DigestDay, type DigestDayName } from '../ui/digestday'
import { FormDialog, useForm } from '../ui/form'
import { Facts, Loaded, Panel, said, Tag } from '../ui/kit'

interface Who {
  p: PersonPage
  reason: string
}

export function ContactPanel(who: Who) {
  const { t } = useT()
  const [shown, show] = useState(false)
  if (shown) return <Read {...who} />
  return (
    <Panel
      title={t('contact.title')}
      actions={
        <Button size="xs" variant="default" onClick={() => show(true)}>
          {t('contact.show')}
        </Button>
      }>
      <Text size="sm" c="dimmed">
        {t('contact.help')}
      </Text>
    </Panel>
  )
}

const pathOf = (who: Who) => `/v1/people/${encodeURIComponent(who.p.id)}/contact`

function Read(who: Who) {
  const { t } = useT()
  const { can } = useSession()
  const [editing, edit] = useState(false)
  const q = useQuery({
    queryKey: ['contact', who.p.id, who.reason],
    queryFn: ({ signal }) => tagged<Contact>(pathOf(who) + query({ reason: who.reason }), { signal }),
    retry: false,
    staleTime: Infinity, // each reading is audited
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  return (
    <Panel
      title={t('contact.title')}
      actions={
        can('people:write') &&
        q.data && (
          <Button size="xs" variant="default" onClick={() => edit(true)}>
            {t('common.edit')}
          </Button>
        )
      }>
      <Loaded q={q}>
        {(d) => (
          <>
            <Shown who={who} c={d.body} />
            {editing && (
              <Edit
                who={who}
                c={d.body}
                etag={d.etag}
                onClose={() => edit(false)}
                onDone={() => q.refetch()}
              />
            )}
          </>
        )}
      </Loaded>
    </Panel>
  )
}

// Whether somebody of this kind gets more than alarms only after agreeing.
const asked = (p: PersonPage) => p.kind !== 'staff'

function Shown({ who, c }: { who: Who; c: Contact }) {
  const { t } = useT()
  const quiet = c.quiet_from ? `${c.quiet_from}–${c.quiet_to ?? ''}` : '–'
  return (
    <>
      <Facts
        items={[
          ...(asked(who.p)
            ? ([
                [
                  t('contact.opted'),
                  c.opted ? (
                    <Tag tone="green">{t('contact.agreed')}</Tag>
                  ) : (
                    <Tag>{t('contact.onlyAlarms')}</Tag>
                  ),
                ],
              ] as [string, React.ReactNode][])
            : []),
          [t('contact.language'), c.language ? t('spoken.' + c.language) : t('contact.schools')],
          [t('contact.quiet'), quiet],
          ...(c.digest
            ? ([
                [
                  t('wishes.digest'),
                  `${t(c.digest_day ? 'wishes.day.' + c.digest_day : 'wishes.everyDay')} ${c.digest}`,
                ],
              ] as [string, React.ReactNode][])
            : []),
          [t('people.phone'), who.p.phone || '–'],
        ]}
      />
      <ul className="plain">
        {c.addresses.map((a) => (
          <li key={a.way + a.value}>
            <Text size="sm">
              {t('way.' + a.way)}: {a.value}{' '}
              {a.lost && <Tag tone="red">{t('contact.lost', { why: a.lost })}</Tag>}
            </Text>
          </li>
        ))}
      </ul>
    </>
  )
}

const ways = ['email', 'sms', 'voice'] as const

// As many as the gateway takes.
const mostAddresses = 10

function Edit({
  who,
  c,
  etag,
  onClose,
  onDone,
}: {
  who: Who
  c: Contact
  etag: string
  onClose: () => void
  onDone: () => Promise<unknown>
}) {
  const { t } = useT()
  const form = useForm(
    undefined,
    {
      language: c.language ?? '',
      quiet_from: c.quiet_from ?? '',
      quiet_to: c.quiet_to ?? '',
      digest: c.digest ?? '',
      digest_day: (c.digest_day ?? '') as DigestDayName,
      opted: !!c.opted,
      addresses: c.addresses.map((a) => ({ way: a.way as string, value: a.value })),
    },
    { ...c },
  )
  const { v, set } = form
  const put = (i: number, x: Partial<{ way: string; value: string }>) =>
    set({ addresses: v.addresses.map((a, k) => (k === i ? { ...a, ...x } : a)) })
  const save = async () => {
    const next = {
      language: v.language || undefined,
      quiet_from: v.quiet_from || undefined,
      quiet_to: v.quiet_to || undefined,
      digest: v.digest || undefined,
      digest_day: (v.digest && v.digest_day) || undefined,
      opted: v.opted,
      addresses: v.addresses.map((a) => ({ way: a.way, value: a.value.trim() })).filter((a) => a.value),
    }
    await change(pathOf(who), form.base, next, {
      etag,
      method: 'PUT',
      read: pathOf(who) + query({ reason: who.reason }),
      body: () => next,
    })
    said(t('contact.saved'))
    await onDone()
  }
  return (
    <FormDialog form={form} size="lg" title={t('contact.title')} onClose={onClose} save={save}>
      {asked(who.p) && (
        <Checkbox
          label={t('contact.optedLabel')}
          description={t('contact.optedHelp')}
          {...form.check('opted')}
        />
      )}
      <Select
        label={t('contact.language')}
        value={v.language}
        allowDeselect={false}
        onChange={(x) => set({ language: x ?? '' })}
        data={['', 'en', 'zh-CN'].map((x) => ({
          value: x,
          label: x ? t('spoken.' + x) : t('contact.schools'),
        }))}
      />
      <Group grow>
        <TextInput type="time" label={t('wishes.from')} {...form.text('quiet_from')} />
        <TextInput type="time" label={t('wishes.to')} {...form.text('quiet_to')} />
      </Group>
      <Group grow>
        <TextInput type="time" label={t('wishes.digest')} {...form.text('digest')} />
        {v.digest && <DigestDay value={v.digest_day} onChange={(x) => set({ digest_day: x })} />}
      </Group>
      {v.addresses.map((a, i) => (
        <Group key={i} align="flex-end" wrap="nowrap">
          <Select
            w={130}
            label={t('address.way')}
            allowDeselect={false}
            value={a.way}
            onChange={(x) => x && put(i, { way: x })}
            data={[...new Set([...ways, a.way])].map((w) => ({ value: w, label: t('way.' + w) }))}
          />
          <TextInput
            style={{ flex: 1 }}
            label={t('address.value')}
            maxLength={2000}
            value={a.value}
            error={form.said(`addresses[${i}].value`)}
            onChange={(e) => put(i, { value: e.currentTarget.value })}
          />
          <Button
            variant="default"
            aria-label={t('contact.remove', { value: a.value })}
            onClick={() => set({ addresses: v.addresses.filter((_, k) => k !== i) })}>
            {t('common.delete')}
          </Button>
        </Group>
      ))}
      <Group>
        <Button
          variant="default"
          size="xs"
          disabled={v.addresses.length >= mostAddresses}
          onClick={() => set({ addresses: [...v.addresses, { way: 'email', value: '' }] })}>
          {t('address.add')}
        </Button>
      </Group>
    </FormDialog>
  )
}
