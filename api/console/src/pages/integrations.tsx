// API keys and webhooks.

import {
  Alert,
  Button,
  Checkbox,
  Group,
  Select,
  SimpleGrid,
  Stack,
  Tabs,
  Text,
  TextInput,
} from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import { change, remove } from '../api/change'
import {
  eventKinds,
  permissions,
  type APIKey,
  type Delivery,
  type MakerState,
  type Permission,
  type Webhook,
  type Sent,
  type EventKind,
} from '../api/types'
import { useT } from '../i18n'
import { useSchoolParam, useSession } from '../session'
import { MoveHook } from '../ui/movehook'
import { Ask } from '../ui/ask'
import { Copyable, Empty, Loaded, Page, Panel, Rows, said, Tag, Trouble, useDeed } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { When } from '../ui/when'
import { useAddress, useOpen } from '../ui/address'
import { useSubject } from '../ui/dialog'
import { ShownOnce } from '../ui/once'
import { FormDialog, useForm } from '../ui/form'

/** stopped reports whether a key or webhook must be taken over by somebody to work again. */
const stopped = (state?: MakerState) => state === 'disabled' || state === 'ended' || state === 'gone'

/** Maker shows who made a key or a webhook, and why it does not work if so. */
function Maker({ name, state }: { name?: string; state?: MakerState }) {
  const { t } = useT()
  return (
    <>
      {name || t('maker.nobody')}
      {stopped(state) && (
        <Text size="xs" c="red">
          {t('maker.' + state)}
        </Text>
      )}
    </>
  )
}

export function IntegrationsPage() {
  const { t } = useT()
  const { get, put } = useAddress()
  return (
    <Page
      title={t('nav.integrations')}
      sub={
        <>
          {t('integration.sub')}{' '}
          <a href="/docs" target="_blank" rel="noreferrer">
            {t('integration.docs')}
          </a>
        </>
      }>
      <Tabs
        value={get('tab') || 'keys'}
        onChange={(v) => put('tab', v === 'keys' ? null : v)}
        keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="keys">{t('key.title')}</Tabs.Tab>
          <Tabs.Tab value="webhooks">{t('hook.title')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="keys">
          <Keys />
        </Tabs.Panel>
        <Tabs.Panel value="webhooks">
          <Webhooks />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

function Keys() {
  const { t } = useT()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const [making, make, made] = useOpen('add')
  const [shown, setShown] = useState<{ secret: string; curl: string }>()
  const [revokeID, setRevoke, noRevoke] = useOpen('revoke')
  const [adoptID, setAdopt, noAdopt] = useOpen('take')
  const { me } = useSession()
  const q = useQuery({
    queryKey: ['keys', school],
    queryFn: () => call('/v1/keys', { query: { school, limit: 500 } }),
  })
  const find = (id: string) => q.data?.items?.find((k) => k.id === id)
  const { subject: revoke } = useSubject(revokeID, find(revokeID))
  const { subject: adopt } = useSubject(adoptID, find(adoptID))
  const renew = () => cache.invalidateQueries({ queryKey: ['keys'] })
  const state = (k: APIKey) =>
    k.revoked ? (
      <Tag tone="red">{t('key.revoked')}</Tag>
    ) : Date.parse(k.expires) < Date.now() ? (
      <Tag tone="orange">{t('key.expired')}</Tag>
    ) : stopped(k.maker_state) ? (
      <Tag tone="red">{t('hook.disabled')}</Tag>
    ) : (
      <Tag tone="green">{t('key.active')}</Tag>
    )
  return (
    <Panel
      flush
      title={t('key.title')}
      actions={
        <Button size="xs" onClick={() => make('key')}>
          {t('key.create')}
        </Button>
      }>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <Rows
              label={t('key.title')}
              rows={d.items}
              id={(k) => k.id}
              columns={[
                {
                  key: 'name',
                  label: t('key.name'),
                  main: true,
                  cell: (k) => (
                    <>
                      {k.name}
                      <Text size="xs" c={k.purpose ? 'dimmed' : 'var(--orange-ink)'}>
                        {k.purpose || t('key.purposeNone')}
                      </Text>
                    </>
                  ),
                },
                {
                  key: 'maker',
                  label: t('key.maker'),
                  cell: (k) => <Maker name={k.maker_name} state={k.maker_state} />,
                },
                { key: 'state', label: t('fleet.state'), cell: state },
                { key: 'perm', label: t('key.permissions'), cell: (k) => <Granted k={k} /> },
                { key: 'expires', label: t('key.expires'), cell: (k) => <When at={k.expires} /> },
                { key: 'used', label: t('key.used'), cell: (k) => <When at={k.last_used} /> },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (k) =>
                    k.revoked ? null : (
                      <Group gap={4} justify="flex-end">
                        {k.maker !== me.user.id && (
                          <Button size="compact-xs" variant="default" onClick={() => setAdopt(k.id)}>
                            {t('key.takeOver')}
                          </Button>
                        )}
                        <Button size="compact-xs" variant="default" onClick={() => setRevoke(k.id)}>
                          {t('key.revoke')}
                        </Button>
                      </Group>
                    ),
                },
              ]}
            />
          ) : (
            <Empty title={t('key.none')} hint={t('key.noneHint')} />
          )
        }
      </Loaded>
      {making && <AddKey onClose={made} onMade={(k) => (setShown(k), void renew())} />}
      <ShownOnce opened={!!shown} onClose={() => setShown(undefined)} title={t('key.made')}>
        {shown && (
          <Stack gap="sm">
            <Alert color="gate" variant="light">
              {t('key.once')}
            </Alert>
            <Text size="sm" fw={600}>
              {t('key.secret')}
            </Text>
            <Copyable text={shown.secret} label={t('key.secret')} />
            <Text size="sm" fw={600}>
              {t('key.curl')}
            </Text>
            <Copyable text={shown.curl} label={t('key.curl')} />
          </Stack>
        )}
      </ShownOnce>
      <Ask
        opened={!!revoke}
        onClose={noRevoke}
        danger
        title={t('key.revoke')}
        text={t('key.revokeText', { name: revoke?.name ?? '' })}
        deed={t('key.revoke')}
        onDo={async () => {
          await remove(`/v1/keys/${encodeURIComponent(revoke!.id)}`, revoke!)
          await renew()
        }}
      />
      <Ask
        opened={!!adopt}
        onClose={noAdopt}
        title={t('key.takeOver')}
        text={t('key.takeOverText', {
          name: adopt?.name ?? '',
          maker: adopt?.maker_name || t('maker.nobody'),
        })}
        deed={t('key.takeOver')}
        onDo={async () => {
          await call(`/v1/keys/${encodeURIComponent(adopt!.id)}/take-over`, { method: 'POST' })
          await renew()
        }}
      />
    </Panel>
  )
}

/** Granted shows a key's current permissions, and those lost with its maker's. */
function Granted({ k }: { k: APIKey }) {
  const { t } = useT()
  const lost = (k.permissions ?? []).filter((p) => !k.effective?.includes(p))
  return (
    <>
      <div className="values">
        {(k.effective ?? []).map((p) => (
          <Tag key={p}>{p}</Tag>
        ))}
      </div>
      {lost.length > 0 && (
        <Text size="xs" c="red">
          {t('key.lost', { list: lost.join(', ') })}
        </Text>
      )}
    </>
  )
}

function AddKey({
  onClose,
  onMade,
}: {
  onClose: () => void
  onMade: (k: { secret: string; curl: string }) => void
}) {
  const { t } = useT()
  const { can } = useSession()
  const school = useSchoolParam()
  const form = useForm('KeyInput', { name: '', purpose: '', days: '90', permissions: [] as Permission[] })
  const { v, set, text } = form
  const save = async () => {
    const expires = new Date(Date.now() + Number(v.days) * 86_400_000).toISOString()
    onMade(
      await call('/v1/keys', {
        method: 'POST',
        body: {
          school,
          name: v.name.trim(),
          purpose: v.purpose.trim(),
          permissions: v.permissions,
          expires,
        } satisfies Sent<'KeyInput'>,
      }),
    )
  }
  return (
    <FormDialog
      form={form}
      save={save}
      ready={!!v.name.trim() && !!v.purpose.trim() && v.permissions.length > 0}
      deed={t('key.create')}
      onClose={onClose}
      title={t('key.create')}
      size="lg">
      <TextInput
        label={t('key.name')}
        description={t('key.nameHelp')}
        required
        data-autofocus
        {...text('name')}
      />
      <TextInput label={t('key.purpose')} description={t('key.purposeHelp')} required {...text('purpose')} />
      <Select
        label={t('key.lasts')}
        allowDeselect={false}
        value={v.days}
        onChange={(d) => d && set({ days: d })}
        data={['7', '30', '90', '180', '364'].map((d) => ({ value: d, label: t('key.days', { n: d }) }))}
      />
      <Checkbox.Group
        label={t('key.permissions')}
        description={t('key.permissionsHelp')}
        value={v.permissions}
        onChange={(p) => set({ permissions: p as Permission[] })}>
        <SimpleGrid cols={{ base: 1, xs: 2 }} mt="xs" spacing="xs">
          {permissions.filter(can).map((p) => (
            <Checkbox key={p} value={p} label={t('permission.' + p.replace(':', '_'))} description={p} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
    </FormDialog>
  )
}

function Webhooks() {
  const { t } = useT()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const [making, make, made] = useOpen('add')
  const [secret, setSecret] = useState('')
  const [goneID, setGone, noGone] = useOpen('delete')
  const [adoptID, setAdopt, noAdopt] = useOpen('take')
  const { me } = useSession()
  const [logID, setLog, noLog] = useOpen('log')
  const [movingID, setMoving, noMoving] = useOpen('move')
  const test = useDeed()
  const q = useQuery({
    queryKey: ['webhooks', school],
    queryFn: () => call('/v1/webhooks', { query: { school, limit: 500 } }),
  })
  const find = (id: string) => q.data?.items?.find((w) => w.id === id)
  const { subject: gone } = useSubject(goneID, find(goneID))
  const { subject: adopt } = useSubject(adoptID, find(adoptID))
  const { subject: moving, gone: movedAway } = useSubject(movingID, find(movingID))
  const log = find(logID)
  const renew = () => cache.invalidateQueries({ queryKey: ['webhooks'] })
  const fire = (w: Webhook) =>
    test.run(async () => {
      await call(`/v1/webhooks/${encodeURIComponent(w.id)}/test`, { method: 'POST' })
      said(t('hook.tested'))
      setLog(w.id)
      await cache.invalidateQueries({ queryKey: ['deliveries'] })
    })
  const rotate = (w: Webhook) =>
    test.run(async () => {
      const r = await call(`/v1/webhooks/${encodeURIComponent(w.id)}/secret`, {
        method: 'POST',
        body: { keep_hours: 24 } satisfies Sent<'RotateInput'>,
      })
      said(t('hook.rotated'))
      setSecret(r.secret)
    })
  const toggle = (w: Webhook) =>
    test.run(
      async () => (
        await change(
          `/v1/webhooks/${encodeURIComponent(w.id)}`,
          { disabled: w.disabled },
          { disabled: !w.disabled },
        ),
        await renew()
      ),
    )
  return (
    <>
      <Panel
        flush
        title={t('hook.title')}
        actions={
          <Button size="xs" onClick={() => make('webhook')}>
            {t('hook.create')}
          </Button>
        }>
        {test.error !== undefined && <Trouble error={test.error} />}
        <Loaded q={q}>
          {(d) =>
            d.items?.length ? (
              <Rows
                label={t('hook.title')}
                rows={d.items}
                id={(w) => w.id}
                columns={[
                  { key: 'url', label: t('hook.url'), main: true, long: true, cell: (w) => w.url },
                  {
                    key: 'state',
                    label: t('fleet.state'),
                    cell: (w) =>
                      w.disabled ? (
                        <>
                          <Tag tone="red">{t('hook.disabled')}</Tag> {w.reason}
                        </>
                      ) : (
                        <Tag tone="green">{t('hook.active')}</Tag>
                      ),
                  },
                  { key: 'kinds', label: t('hook.kinds'), cell: (w) => <HookKinds w={w} /> },
                  {
                    key: 'maker',
                    label: t('key.maker'),
                    cell: (w) => <Maker name={w.maker_name} state={w.maker_state} />,
                  },
                  { key: 'created', label: t('hook.created'), cell: (w) => <When at={w.created} /> },
                  {
                    key: 'do',
                    label: '',
                    right: true,
                    cell: (w) => (
                      <Group gap={4} justify="flex-end">
                        {w.maker !== me.user.id && (
                          <Button size="compact-xs" variant="default" onClick={() => setAdopt(w.id)}>
                            {t('key.takeOver')}
                          </Button>
                        )}
                        <Button size="compact-xs" variant="default" onClick={() => void fire(w)}>
                          {t('hook.test')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => setLog(w.id)}>
                          {t('hook.log')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => setMoving(w.id)}>
                          {t('hook.move')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => void rotate(w)}>
                          {t('hook.rotate')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => void toggle(w)}>
                          {w.disabled ? t('hook.enable') : t('hook.disable')}
                        </Button>
                        <Button size="compact-xs" variant="default" onClick={() => setGone(w.id)}>
                          {t('common.delete')}
                        </Button>
                      </Group>
                    ),
                  },
                ]}
              />
            ) : (
              <Empty title={t('hook.none')} hint={t('hook.noneHint')} />
            )
          }
        </Loaded>
      </Panel>
      {log && <Deliveries key={log.id} w={log} />}
      {moving && (
        <MoveHook
          key={moving.id}
          w={moving}
          gone={movedAway}
          onClose={noMoving}
          onMoved={(s) => (setSecret(s), void renew())}
        />
      )}
      {making && <NewHook onClose={made} onMade={(s) => (setSecret(s), void renew())} />}
      <ShownOnce opened={!!secret} onClose={() => setSecret('')} title={t('hook.made')}>
        <Stack gap="sm">
          <Alert color="gate" variant="light">
            {t('hook.once')}
          </Alert>
          <Copyable text={secret} label={t('hook.secret')} />
          <Text size="sm">{t('hook.verify')}</Text>
        </Stack>
      </ShownOnce>
      <Ask
        opened={!!gone}
        onClose={noGone}
        danger
        title={t('hook.delete')}
        text={t('hook.deleteText', { url: gone?.url ?? '' })}
        deed={t('common.delete')}
        onDo={async () => {
          await remove(`/v1/webhooks/${encodeURIComponent(gone!.id)}`, gone!)
          if (logID === gone!.id) noLog()
          await renew()
        }}
      />
      <Ask
        opened={!!adopt}
        onClose={noAdopt}
        title={t('key.takeOver')}
        text={t('hook.takeOverText', {
          url: adopt?.url ?? '',
          maker: adopt?.maker_name || t('maker.nobody'),
        })}
        deed={t('key.takeOver')}
        onDo={async () => {
          await call(`/v1/webhooks/${encodeURIComponent(adopt!.id)}/take-over`, { method: 'POST' })
          await renew()
        }}
      />
    </>
  )
}

/** HookKinds shows the requested kinds of events, and those that its maker may not read. */
function HookKinds({ w }: { w: Webhook }) {
  const { t } = useT()
  const names = (list: string[]) => list.map((k) => t('eventKind.' + k)).join(', ')
  const asked = w.kinds?.length ? w.kinds : eventKinds.filter((k) => k !== 'reading')
  const withheld = asked.filter((k) => !w.effective?.includes(k))
  return (
    <>
      {w.kinds?.length ? names(w.kinds) : t('hook.allKinds')}
      {withheld.length > 0 && (
        <Text size="xs" c="red">
          {t('hook.withheld', { list: names(withheld) })}
        </Text>
      )}
    </>
  )
}

function NewHook({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const { t } = useT()
  const school = useSchoolParam()
  const form = useForm('WebhookInput', { url: '', kinds: [] as EventKind[] })
  const { v, set, text } = form
  const save = async () => {
    const r = await call('/v1/webhooks', {
      method: 'POST',
      body: { school, url: v.url.trim(), kinds: v.kinds } satisfies Sent<'WebhookInput'>,
    })
    onMade(r.secret)
  }
  return (
    <FormDialog
      form={form}
      save={save}
      ready={!!v.url.trim()}
      deed={t('hook.create')}
      onClose={onClose}
      title={t('hook.create')}>
      <TextInput
        label={t('hook.url')}
        description={t('hook.urlHelp')}
        required
        type="url"
        data-autofocus
        placeholder="https://sis.school.example/gatehouse"
        {...text('url')}
      />
      <Checkbox.Group
        label={t('hook.kinds')}
        description={t('hook.kindsHelp')}
        value={v.kinds}
        onChange={(kinds) => set({ kinds: kinds as EventKind[] })}>
        <SimpleGrid cols={2} mt="xs" spacing="xs">
          {eventKinds.map((k) => (
            <Checkbox key={k} value={k} label={t('eventKind.' + k)} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
    </FormDialog>
  )
}

function Deliveries({ w }: { w: Webhook }) {
  const { t } = useT()
  const cache = useQueryClient()
  const deed = useDeed()
  const list = usePaged(
    'deliveries',
    `/v1/webhooks/${encodeURIComponent(w.id)}/deliveries`,
    {},
    { limit: 30, every: 3000 },
  )
  const again = (d: Delivery) =>
    deed.run(
      async () => (
        await call(`/v1/webhooks/deliveries/${d.id}/redeliver`, { method: 'POST' }),
        await cache.invalidateQueries({ queryKey: ['deliveries'] })
      ),
    )
  const state = (d: Delivery) =>
    d.done ? (
      d.status >= 200 && d.status < 300 ? (
        <Tag tone="green">{t('delivery.done')}</Tag>
      ) : (
        <Tag tone="red">{t('delivery.failed')}</Tag>
      )
    ) : d.attempt > 0 ? (
      <Tag tone="orange">{t('delivery.retrying')}</Tag>
    ) : (
      <Tag tone="blue">{t('delivery.waiting')}</Tag>
    )
  return (
    <Panel flush title={t('delivery.title', { url: w.url })}>
      {deed.error !== undefined && <Trouble error={deed.error} />}
      <PagedList list={list} empty={<Empty title={t('delivery.none')} hint={t('delivery.noneHint')} />}>
        {(rows) => (
          <Rows
            label={t('hook.log')}
            rows={rows}
            id={(d) => d.id}
            columns={[
              {
                key: 'created',
                label: t('delivery.created'),
                main: true,
                cell: (d) => <When at={d.created} seconds />,
              },
              { key: 'state', label: t('fleet.state'), cell: state },
              { key: 'status', label: t('delivery.status'), cell: (d) => d.status || '–' },
              { key: 'attempt', label: t('delivery.attempts'), right: true, cell: (d) => d.attempt },
              { key: 'error', label: t('common.reason'), long: true, cell: (d) => d.error || '–' },
              {
                key: 'next',
                label: t('delivery.next'),
                cell: (d) => (d.done ? '–' : <When at={d.next} seconds />),
              },
              { key: 'event', label: t('delivery.event'), cell: (d) => <code>{d.event_id}</code> },
              {
                key: 'subject',
                label: t('delivery.subject'),
                cell: (d) => (d.subject ? <code>{d.subject}</code> : '–'),
              },
              {
                key: 'do',
                label: '',
                right: true,
                cell: (d) => (
                  <Button size="compact-xs" variant="default" onClick={() => void again(d)}>
                    {t('delivery.again')}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}
