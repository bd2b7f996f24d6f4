// What stands between the password and the console: showing a second factor, or making one
// where the school asks it.

import { Button, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { call } from '../api/client'
import type { NewTOTP, SignedIn } from '../api/factor'
import type { Me } from '../api/types'
import { useT } from '../i18n'
import { Trouble, useDeed } from '../ui/kit'
import { CodeForm, RecoveryCodes, Secret } from '../ui/totp'

export function SecondStep({ at, onDone, onBack }: { at: SignedIn; onDone: (m: Me) => void; onBack: () => void }) {
  return at.step === 'enrol' ? <Enrol at={at} onDone={onDone} onBack={onBack} /> : <Show at={at} onDone={onDone} onBack={onBack} />
}

function Show({ at, onDone, onBack }: { at: SignedIn; onDone: (m: Me) => void; onBack: () => void }) {
  const { t } = useT()
  return (
    <>
      <Title order={1} size="h3" mb="xs">{t('factor.title')}</Title>
      <Text size="sm" c="dimmed" mb="md">{t('factor.showHelp')}</Text>
      <CodeForm any label={t('factor.code')} help={t('factor.codeHelp')} done={t('gate.signIn')}
        run={async (code) => {
          const m = await call<SignedIn>('/v1/session/second-factor', { method: 'POST', body: { ticket: at.ticket, code }, quiet: true })
          if (m) onDone(m)
        }}>
        <Button variant="subtle" onClick={onBack}>{t('factor.back')}</Button>
      </CodeForm>
      <Text size="xs" c="dimmed" mt="md">{t('factor.lost')}</Text>
    </>
  )
}

function Enrol({ at, onDone, onBack }: { at: SignedIn; onDone: (m: Me) => void; onBack: () => void }) {
  const { t } = useT()
  const [secret, setSecret] = useState<NewTOTP>()
  const [done, setDone] = useState<SignedIn>()
  const deed = useDeed()
  const begin = () => deed.run(async () => {
    setSecret(await call<NewTOTP>('/v1/session/totp', { method: 'POST', body: { ticket: at.ticket, name: t('factor.phone') }, quiet: true }))
  })
  if (done) {
    return (
      <>
        <Title order={1} size="h3" mb="md">{t('factor.recovery')}</Title>
        <RecoveryCodes codes={done.recovery_codes ?? []} onDone={() => onDone(done)} />
      </>
    )
  }
  return (
    <>
      <Title order={1} size="h3" mb="xs">{t('factor.enrolTitle')}</Title>
      <Text size="sm" c="dimmed" mb="md">{t('factor.enrolHelp')}</Text>
      {deed.error !== undefined && <Trouble error={deed.error} />}
      {secret ? (
        <>
          <Secret s={secret} />
          <CodeForm label={t('factor.first')} done={t('factor.confirm')}
            run={async (code) => {
              const m = await call<SignedIn>('/v1/session/totp/confirm', { method: 'POST', body: { ticket: at.ticket, factor: secret.factor, code }, quiet: true })
              if (m) setDone(m)
            }}>
            <Button variant="subtle" onClick={onBack}>{t('factor.back')}</Button>
          </CodeForm>
        </>
      ) : (
        <Button fullWidth loading={deed.busy} onClick={() => void begin()}>{t('factor.begin')}</Button>
      )}
    </>
  )
}
