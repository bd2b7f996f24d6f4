// The step between password and console: presenting a second factor, or setting one up if the
// school requires it.

import { Button, Divider, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { ask } from '../api/client'
import type { MakePasskey, Me, NewTOTP, ShowPasskey, SignedIn } from '../api/types'
import limits from '../api/limits.json'
import { useT } from '../i18n'
import { makePasskey, obstacle, showPasskey } from '../lib/passkey'
import { Trouble, useDeed } from '../ui/kit'
import { PasskeyObstacle } from '../ui/passkey'
import { CodeForm, RecoveryCodes, Secret } from '../ui/totp'

interface StepProps {
  at: SignedIn
  onDone: (m: Me) => void
  onBack: () => void
}

const post = <R,>(path: string, body: Record<string, unknown>) =>
  ask<R>(path, { method: 'POST', body, quiet: true })

export function SecondStep(p: StepProps) {
  return p.at.step === 'enrol' ? <Enrol {...p} /> : <Show {...p} />
}

function Show({ at, onDone, onBack }: StepProps) {
  const { t } = useT()
  const passkey = at.factors?.includes('passkey')
  const totp = at.factors?.includes('totp')
  return (
    <>
      <Title order={1} size="h3" mb="xs">
        {t('factor.title')}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {t('factor.showHelp')}
      </Text>
      {passkey && <ShowKey at={at} onDone={onDone} />}
      {passkey && <Divider my="md" label={t('passkey.or')} labelPosition="center" />}
      <CodeForm
        any
        calm={passkey}
        label={t(totp ? 'factor.code' : 'factor.recoveryCode')}
        help={totp ? t('factor.codeHelp') : t('factor.recoveryHelp')}
        done={t('gate.signIn')}
        run={async (code) => {
          const m = await post<SignedIn>('/v1/session/second-factor', { ticket: at.ticket, code })
          if (m) onDone(m)
        }}>
        <Button variant="subtle" onClick={onBack}>
          {t('factor.back')}
        </Button>
      </CodeForm>
      <Text size="xs" c="dimmed" mt="md">
        {t('factor.lost')}
      </Text>
    </>
  )
}

function ShowKey({ at, onDone }: { at: SignedIn; onDone: (m: Me) => void }) {
  const { t } = useT()
  const deed = useDeed()
  if (obstacle(at.passkeys)) return <PasskeyObstacle p={at.passkeys} />
  const use = () =>
    deed.run(async () => {
      const asked = await post<ShowPasskey>('/v1/session/passkey', { ticket: at.ticket })
      const credential = await showPasskey(asked.options)
      const m = await post<SignedIn>('/v1/session/passkey/confirm', { ticket: at.ticket, credential })
      if (m) onDone(m)
    })
  return (
    <Stack gap="xs">
      {deed.error !== undefined && <Trouble error={deed.error} />}
      <Button
        fullWidth
        autoFocus
        data-autofocus
        loading={deed.busy}
        onClick={() => void use()}
        data-testid="use-passkey">
        {t('passkey.use')}
      </Button>
      <Text size="xs" c="dimmed">
        {t('passkey.useHelp')}
      </Text>
    </Stack>
  )
}

function Enrol({ at, onDone, onBack }: StepProps) {
  const { t } = useT()
  const [secret, setSecret] = useState<NewTOTP>()
  const [done, setDone] = useState<SignedIn>()
  const deed = useDeed()
  const begin = () =>
    deed.run(async () => {
      setSecret(await post<NewTOTP>('/v1/session/totp', { ticket: at.ticket, name: t('factor.phone') }))
    })
  if (done) {
    return (
      <>
        <Title order={1} size="h3" mb="md">
          {t('factor.recovery')}
        </Title>
        <RecoveryCodes codes={done.recovery_codes ?? []} onDone={() => onDone(done)} />
      </>
    )
  }
  return (
    <>
      <Title order={1} size="h3" mb="xs">
        {t('factor.enrolTitle')}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {t('factor.enrolHelp')}
      </Text>
      {deed.error !== undefined && <Trouble error={deed.error} />}
      {secret ? (
        <>
          <Secret s={secret} />
          <CodeForm
            label={t('factor.first')}
            done={t('factor.confirm')}
            run={async (code) => {
              const m = await post<SignedIn>('/v1/session/totp/confirm', {
                ticket: at.ticket,
                factor: secret.factor,
                code,
              })
              if (m) setDone(m)
            }}>
            <Button variant="subtle" onClick={() => setSecret(undefined)}>
              {t('factor.otherWay')}
            </Button>
          </CodeForm>
        </>
      ) : (
        <Stack>
          <Button fullWidth loading={deed.busy} onClick={() => void begin()} data-testid="enrol-totp">
            {t('factor.begin')}
          </Button>
          <Divider label={t('passkey.orMake')} labelPosition="center" />
          <MakeKey at={at} onDone={setDone} />
          <Button variant="subtle" onClick={onBack}>
            {t('factor.back')}
          </Button>
        </Stack>
      )}
    </>
  )
}

function MakeKey({ at, onDone }: { at: SignedIn; onDone: (m: SignedIn) => void }) {
  const { t } = useT()
  const [name, setName] = useState('')
  const deed = useDeed()
  if (obstacle(at.passkeys)) return <PasskeyObstacle p={at.passkeys} />
  const make = () =>
    deed.run(async () => {
      const begun = await post<MakePasskey>('/v1/session/passkey/make', { ticket: at.ticket })
      const credential = await makePasskey(begun.options)
      const m = await post<SignedIn>('/v1/session/passkey/make/confirm', {
        ticket: at.ticket,
        making: begun.making,
        name: name || t('passkey.key'),
        credential,
      })
      if (m) onDone(m)
    })
  return (
    <form onSubmit={(e) => (e.preventDefault(), void make())}>
      <Stack gap="xs">
        <Text size="sm" c="dimmed">
          {t('passkey.addHelp')}
        </Text>
        <TextInput
          label={t('security.name')}
          maxLength={limits.TicketMadeInput.name}
          value={name}
          placeholder={t('passkey.key')}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        {deed.error !== undefined && <Trouble error={deed.error} />}
        <Button type="submit" fullWidth variant="default" loading={deed.busy} data-testid="enrol-passkey">
          {t('passkey.make')}
        </Button>
      </Stack>
    </form>
  )
}
