// The security of one's own account: second factors and recovery codes.

import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import type { Factor, NewTOTP, Passkeys, Sent } from '../api/types'
import limits from '../api/limits.json'
import { useT } from '../i18n'
import { makePasskey, obstacle } from '../lib/passkey'
import { useFormat } from '../session'
import { Empty, fieldError, Loaded, Page, Panel, Rows, said, Tag, Trouble, useDeed } from '../ui/kit'
import { PasskeyObstacle } from '../ui/passkey'
import { CodeForm, RecoveryCodes, Secret } from '../ui/totp'
import { When } from '../ui/when'
import { ShownOnce } from '../ui/once'

type Doing = { add: 'totp' | 'passkey' } | { recovery: true } | { remove: Factor }

export function SecurityPage() {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const [doing, setDoing] = useState<Doing>()
  const q = useQuery({
    queryKey: ['own-second-factor'],
    queryFn: () => call('/v1/me/second-factor'),
  })
  const close = () => {
    setDoing(undefined)
    void cache.invalidateQueries({ queryKey: ['own-second-factor'] })
  }
  return (
    <Page title={t('security.title')} sub={t('security.sub')}>
      <Loaded q={q}>
        {(s) => (
          <>
            <Panel
              flush
              title={t('security.factors')}
              actions={
                <>
                  <Button size="xs" onClick={() => setDoing({ add: 'totp' })}>
                    {t('security.add')}
                  </Button>
                  <Button
                    size="xs"
                    disabled={!!obstacle(s.passkeys)}
                    onClick={() => setDoing({ add: 'passkey' })}
                    data-testid="add-passkey">
                    {t('passkey.add')}
                  </Button>
                </>
              }>
              {s.factors.length ? (
                <Rows
                  label={t('security.factors')}
                  rows={s.factors}
                  id={(x) => x.id}
                  columns={[
                    {
                      key: 'name',
                      label: t('security.name'),
                      main: true,
                      cell: (x) => x.name || t('factorKind.' + x.kind),
                    },
                    { key: 'kind', label: t('security.kind'), cell: (x) => <Kind x={x} p={s.passkeys} /> },
                    { key: 'created', label: t('user.created'), cell: (x) => <When at={x.created} /> },
                    {
                      key: 'used',
                      label: t('security.used'),
                      cell: (x) => (x.used ? f.moment(x.used) : t('time.never')),
                    },
                    {
                      key: 'do',
                      label: '',
                      right: true,
                      cell: (x) => (
                        <Button size="compact-xs" variant="default" onClick={() => setDoing({ remove: x })}>
                          {t('security.remove')}
                        </Button>
                      ),
                    },
                  ]}
                />
              ) : (
                <Empty
                  title={t('security.none')}
                  hint={s.required ? t('security.required') : t('security.noneHelp')}
                />
              )}
            </Panel>
            <PasskeyObstacle p={s.passkeys} />
            {s.factors.length > 0 && (
              <Panel
                title={t('factor.recovery')}
                actions={
                  <Button size="xs" variant="default" onClick={() => setDoing({ recovery: true })}>
                    {t('security.renew')}
                  </Button>
                }>
                <Group gap="sm">
                  <Tag tone={s.recovery_left > 2 ? 'green' : 'orange'}>
                    {t('security.left', { n: s.recovery_left })}
                  </Tag>
                  <Text size="sm" c="dimmed">
                    {t('security.leftHelp')}
                  </Text>
                </Group>
              </Panel>
            )}
          </>
        )}
      </Loaded>
      {doing && <Do doing={doing} onClose={close} />}
    </Page>
  )
}

/** The kind of a factor, and why it cannot be used, if so. */
function Kind({ x, p }: { x: Factor; p: Passkeys | undefined }) {
  const { t } = useT()
  return (
    <Stack gap={2} align="flex-start">
      <span>{t('factorKind.' + x.kind)}</span>
      {x.copied && <Tag tone="red">{t('passkey.copied')}</Tag>}
      {x.rp_id && p?.rp_id && x.rp_id !== p.rp_id && (
        <Tag tone="orange">{t('passkey.elsewhere', { name: x.rp_id })}</Tag>
      )}
    </Stack>
  )
}

/** One action; each asks for the password first. */
function Do({ doing, onClose }: { doing: Doing; onClose: () => void }) {
  const { t } = useT()
  const [v, set] = useState({ password: '', name: '' })
  const [secret, setSecret] = useState<NewTOTP>()
  const [codes, setCodes] = useState<string[]>()
  const deed = useDeed()
  const add = 'add' in doing ? doing.add : undefined
  const usual = t(add === 'passkey' ? 'passkey.key' : 'factor.phone')
  const title = add
    ? t(add === 'passkey' ? 'passkey.add' : 'security.add')
    : 'remove' in doing
      ? t('security.removeTitle', { name: doing.remove.name || t('factorKind.' + doing.remove.kind) })
      : t('security.renew')
  const begin = () =>
    deed.run(async () => {
      const { password } = v
      if ('remove' in doing) {
        await call(`/v1/me/second-factor/${encodeURIComponent(doing.remove.id)}/remove`, {
          method: 'POST',
          body: { password },
        })
        said(t('security.removed'))
        onClose()
      } else if (add === 'passkey') {
        const begun = await call('/v1/me/second-factor/passkey', {
          method: 'POST',
          body: { password },
        })
        const credential = (await makePasskey(begun.options)) as Sent<'PasskeyAnswer'>
        added(
          await call('/v1/me/second-factor/passkey/confirm', {
            method: 'POST',
            body: { making: begun.making, name: v.name || usual, credential },
          }),
        )
      } else if (add) {
        setSecret(
          await call('/v1/me/second-factor/totp', {
            method: 'POST',
            body: { password, name: v.name || usual },
          }),
        )
      } else {
        const r = await call('/v1/me/second-factor/recovery', {
          method: 'POST',
          body: { password },
        })
        setCodes(r?.recovery_codes)
      }
    })
  const confirm = async (code: string) =>
    added(
      await call('/v1/me/second-factor/totp/confirm', {
        method: 'POST',
        body: { factor: secret!.factor, code },
      }),
    )
  const added = (r: { recovery_codes: string[] } | undefined) => {
    said(t('security.added'))
    if (r?.recovery_codes.length) setCodes(r.recovery_codes)
    else onClose()
  }
  if (codes)
    return (
      <ShownOnce opened kept size="md" onClose={onClose} title={t('factor.recovery')}>
        <RecoveryCodes codes={codes} onDone={onClose} />
      </ShownOnce>
    )
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      centered
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}>
      {secret ? (
        <Stack>
          <Secret s={secret} />
          <CodeForm label={t('factor.first')} done={t('factor.confirm')} run={confirm} />
        </Stack>
      ) : (
        <form onSubmit={(e) => (e.preventDefault(), void begin())}>
          <Stack>
            {'recovery' in doing && <Text size="sm">{t('security.renewHelp')}</Text>}
            {add === 'passkey' && <Text size="sm">{t('passkey.addHelp')}</Text>}
            {add && (
              <TextInput
                label={t('security.name')}
                description={t('security.nameHelp')}
                maxLength={limits.OwnNameInput.name}
                value={v.name}
                placeholder={usual}
                onChange={(e) => set({ ...v, name: e.currentTarget.value })}
              />
            )}
            <PasswordInput
              label={t('security.password')}
              required
              value={v.password}
              autoComplete="current-password"
              data-autofocus
              error={fieldError(deed.error, 'password')}
              onChange={(e) => set({ ...v, password: e.currentTarget.value })}
              visibilityToggleButtonProps={{ 'aria-label': t('gate.show') }}
            />
            {deed.error !== undefined && !fieldError(deed.error, 'password') && (
              <Trouble error={deed.error} />
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {t('common.cancel')}
              </Button>
              <Button type="submit" loading={deed.busy} color={'remove' in doing ? 'red' : undefined}>
                {'remove' in doing ? t('security.remove') : t('security.next')}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
