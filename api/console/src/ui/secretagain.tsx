// A stored password is only used for the address it was given for: changing a device's address
// requires entering its password again.

import { Alert, PasswordInput, Stack } from '@mantine/core'
import type { Field } from '../api/types'
import { useT } from '../i18n'
import { useDrivers } from '../pages/fleet'
import { useFormat } from '../session'

/** The secrets of a driver; none if the user may not see the drivers. */
export function useSecretFields(driver: string): Field[] {
  const q = useDrivers()
  return (q.data?.items?.find((d) => d.name === driver)?.address ?? []).filter((f) => f.secret)
}

interface Props {
  fields: Field[]
  value: Record<string, string>
  error?: string
  onChange: (v: Record<string, string>) => void
}

export function SecretAgain({ fields, value, error, onChange }: Props) {
  const { t } = useT()
  const f = useFormat()
  return (
    <Alert color="orange" variant="light" title={t('device.secretAgain')}>
      <Stack gap="xs">
        {t('device.secretAgainText')}
        {fields.map((x) => (
          <PasswordInput
            key={x.key}
            label={f.local(x.title, x.title_zh) || x.key}
            autoComplete="off"
            name={'secret-' + x.key}
            error={!!error}
            visibilityToggleButtonProps={{ 'aria-label': t('gate.show') }}
            value={value[x.key] ?? ''}
            onChange={(e) => onChange({ ...value, [x.key]: e.currentTarget.value })}
          />
        ))}
      </Stack>
    </Alert>
  )
}
