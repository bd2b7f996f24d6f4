// The parts of a second factor that sign-in and the security page share: the secret as QR code, the
// field for a code, and the recovery codes.

import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import type { NewTOTP } from '../api/types'
import limits from '../api/limits.json'
import { useT } from '../i18n'
import { Copyable, fieldError, Trouble, useDeed } from './kit'

/** Asks for a code; any also accepts a recovery code, calm does not take the focus. */
export function CodeForm({
  label,
  help,
  done,
  any,
  calm,
  run,
  children,
}: {
  label: string
  help?: string
  done: string
  any?: boolean
  calm?: boolean
  run: (code: string) => Promise<void>
  children?: ReactNode
}) {
  const [code, setCode] = useState('')
  const deed = useDeed()
  const submit = () =>
    deed.run(async () => {
      await run(code)
      setCode('')
    })
  return (
    <form onSubmit={(e) => (e.preventDefault(), void submit())}>
      <Stack>
        <TextInput
          label={label}
          description={help}
          name="code"
          required
          autoFocus={!calm}
          data-autofocus={!calm || undefined}
          value={code}
          maxLength={limits.OwnConfirmInput.code}
          autoComplete="one-time-code"
          inputMode={any ? 'text' : 'numeric'}
          autoCapitalize="none"
          spellCheck={false}
          error={fieldError(deed.error, 'code')}
          onChange={(e) => setCode(e.currentTarget.value)}
        />
        {deed.error !== undefined && !fieldError(deed.error, 'code') && <Trouble error={deed.error} />}
        <Group justify="space-between" wrap="wrap-reverse">
          {children ?? <span />}
          <Button type="submit" loading={deed.busy}>
            {done}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** The secret, to be scanned or typed. */
export function Secret({ s }: { s: NewTOTP }) {
  const { t } = useT()
  return (
    <Stack gap="xs" align="center" mb="md">
      <Text size="sm">{t('factor.scan')}</Text>
      <img
        src={s.qr}
        width={200}
        height={200}
        alt={t('factor.picture')}
        style={{ background: '#fff', borderRadius: 4 }}
      />
      <Text size="xs" c="dimmed">
        {t('factor.type')}
      </Text>
      <Copyable text={(s.secret.match(/.{1,4}/g) ?? []).join(' ')} label={t('factor.secret')} />
    </Stack>
  )
}

/** Recovery codes, shown once. */
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useT()
  return (
    <Stack>
      <Alert color="yellow" variant="light">
        {t('factor.recoveryOnce')}
      </Alert>
      <Copyable text={codes.join('\n')} label={t('factor.recovery')} />
      <Group justify="flex-end">
        <Button onClick={onDone}>{t('factor.kept')}</Button>
      </Group>
    </Stack>
  )
}
