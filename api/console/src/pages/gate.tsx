// The pages before sign-in: first run, and sign-in.

import {
  Button,
  Group,
  PasswordInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { APIError, call } from '../api/client'
import type { Language, Me, Sent, SignedIn } from '../api/types'
import limits from '../api/limits.json'
import { chooseBeforeSignIn, languages, setLanguage, useT } from '../i18n'
import { LanguageMenu, SchemeButton } from '../shell'
import { fieldError, Trouble, useDeed } from '../ui/kit'
import { SecondStep } from './secondstep'

export function Gate({ children, wide }: { children: ReactNode; wide?: boolean }) {
  return (
    <div className="gate">
      <Group justify="flex-end" p="sm" gap="xs">
        <LanguageMenu onChoose={chooseBeforeSignIn} />
        <SchemeButton />
      </Group>
      <main className="gate-box" data-wide={wide || undefined}>
        <Group gap="sm" mb="md">
          <img src="/favicon.svg" width={36} height={36} alt="" />
          <Text fw={700} size="lg">
            Gatehouse
          </Text>
        </Group>
        {children}
      </main>
    </div>
  )
}

export function SignInPage({ onDone }: { onDone: (m?: Me) => void }) {
  const { t } = useT()
  useEffect(() => {
    document.title = `${t('gate.signIn')} · Gatehouse`
  }, [t])
  return (
    <SignInForm
      onDone={onDone}
      around={(form, step) => (
        <Gate>
          {!step && (
            <Title order={1} size="h3" mb="md">
              {t('gate.signIn')}
            </Title>
          )}
          {form}
        </Gate>
      )}
    />
  )
}

interface SignInProps {
  onDone: (m?: Me) => void
  first?: string // initial value of the name
  around?: (form: ReactNode, step: boolean) => ReactNode
}

/** Name, password and, if required, the second factor. */
export function SignInForm({ onDone, first = '', around = (form) => form }: SignInProps) {
  const { t } = useT()
  const [name, setName] = useState(first)
  const [password, setPassword] = useState('')
  const [step, setStep] = useState<SignedIn>()
  const deed = useDeed()
  const submit = async () => {
    const m = await deed.run(
      async () =>
        (await call('/v1/session', {
          method: 'POST',
          body: { name, password } satisfies Sent<'SignInInput'>,
          quiet: true,
        })) ?? ({} as SignedIn),
    )
    if (m?.step) {
      setPassword('')
      setStep(m)
    } else if (m) onDone(m)
  }
  const wrong = deed.error instanceof APIError && deed.error.status === 401
  if (step) return around(<SecondStep at={step} onDone={onDone} onBack={() => setStep(undefined)} />, true)
  return around(
    <form onSubmit={(e) => (e.preventDefault(), void submit())}>
      <Stack>
        <TextInput
          label={t('gate.name')}
          name="username"
          required
          autoComplete="username"
          autoCapitalize="none"
          value={name}
          data-autofocus={!first || undefined}
          autoFocus={!first}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        <PasswordInput
          label={t('gate.password')}
          name="password"
          required
          autoComplete="current-password"
          value={password}
          data-autofocus={!!first || undefined}
          autoFocus={!!first}
          onChange={(e) => setPassword(e.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': t('gate.show') }}
        />
        {deed.error !== undefined && <Trouble error={wrong ? new Error(t('gate.wrong')) : deed.error} />}
        <Button type="submit" loading={deed.busy} fullWidth>
          {t('gate.signIn')}
        </Button>
        <Text size="xs" c="dimmed">
          {t('gate.forgot')}
        </Text>
      </Stack>
    </form>,
    false,
  )
}

/** Every IANA time zone that the browser knows. */
export function useZones(): string[] {
  return useMemo(() => {
    try {
      return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((z) => z !== 'UTC')]
    } catch {
      return ['UTC', 'Asia/Shanghai', 'Asia/Urumqi', 'Asia/Hong_Kong', 'Europe/London', 'America/New_York']
    }
  }, [])
}

export function SetupPage({ onDone }: { onDone: (m?: Me) => void }) {
  const { t, lang } = useT()
  const zones = useZones()
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone || 'Asia/Shanghai'
  const [v, set] = useState({
    admin: 'admin',
    full_name: '',
    school: '',
    timezone: here,
    password: '',
    again: '',
  })
  const deed = useDeed()
  useEffect(() => {
    document.title = `${t('setup.title')} · Gatehouse`
  }, [t])
  const differ = v.again !== '' && v.again !== v.password
  const submit = async () => {
    if (v.password !== v.again) return
    const { again: _, ...body } = v
    const m = await deed.run(
      async () =>
        (await call('/v1/setup', {
          method: 'POST',
          body: { ...body, language: lang as Language },
          quiet: true,
        })) ?? ({} as Me),
    )
    if (m) onDone(m)
  }
  const bind = (k: keyof typeof v) => ({
    value: v[k],
    required: true,
    error: fieldError(deed.error, k),
    onChange: (e: React.ChangeEvent<HTMLInputElement>) => set({ ...v, [k]: e.currentTarget.value }),
  })
  const eye = { visibilityToggleButtonProps: { 'aria-label': t('gate.show') } }
  return (
    <Gate wide>
      <Title order={1} size="h3">
        {t('setup.title')}
      </Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('setup.sub')}
      </Text>
      <form onSubmit={(e) => (e.preventDefault(), void submit())}>
        <Stack>
          <Select
            label={t('setup.language')}
            data={languages}
            value={lang}
            allowDeselect={false}
            onChange={(l) => l && setLanguage(l)}
          />
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput
              label={t('setup.school')}
              name="school"
              autoFocus
              {...bind('school')}
              maxLength={limits.SetupInput.school}
            />
            <Select
              label={t('setup.timezone')}
              data={zones}
              searchable
              allowDeselect={false}
              value={v.timezone}
              required
              onChange={(z) => z && set({ ...v, timezone: z })}
              error={fieldError(deed.error, 'timezone')}
            />
            <TextInput
              label={t('setup.fullName')}
              name="full_name"
              autoComplete="name"
              {...bind('full_name')}
              maxLength={limits.SetupInput.full_name}
            />
            <TextInput
              label={t('setup.admin')}
              name="admin"
              autoComplete="username"
              autoCapitalize="none"
              {...bind('admin')}
              maxLength={limits.SetupInput.admin}
            />
            <PasswordInput
              label={t('gate.password')}
              name="password"
              description={t('gate.passwordHelp')}
              autoComplete="new-password"
              minLength={10}
              {...bind('password')}
              {...eye}
            />
            <PasswordInput
              label={t('setup.again')}
              name="again"
              description={t('setup.againHelp')}
              autoComplete="new-password"
              {...bind('again')}
              error={differ ? t('setup.differ') : undefined}
              {...eye}
            />
          </SimpleGrid>
          {deed.error !== undefined && <Trouble error={deed.error} />}
          <Button type="submit" loading={deed.busy} disabled={differ}>
            {t('setup.start')}
          </Button>
          <Text size="xs" c="dimmed">
            {t('setup.next')}
          </Text>
        </Stack>
      </form>
    </Gate>
  )
}
