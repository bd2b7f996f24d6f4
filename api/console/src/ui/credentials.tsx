// A device's MQTT credentials, shown once, with a command to test them.

import { Alert, Stack, Text } from '@mantine/core'
import type { DeviceCreated } from '../api/types'
import { useT } from '../i18n'
import { Copyable, Facts } from './kit'

export function Credentials({ c }: { c: DeviceCreated }) {
  const { t } = useT()
  return (
    <Stack gap="sm">
      <Alert color="gate" variant="light">
        {t('credentials.once')}
      </Alert>
      {c.mqtt && (
        <Facts
          items={[
            [t('credentials.host'), `${c.mqtt.host}:${c.mqtt.port}${c.mqtt.tls ? ' (TLS)' : ''}`],
            [t('credentials.client'), c.mqtt.client_id],
            [t('credentials.user'), c.mqtt.username],
            [t('credentials.prefix'), c.mqtt.prefix],
          ]}
        />
      )}
      {c.password && (
        <>
          <Text size="sm" fw={600}>
            {t('credentials.password')}
          </Text>
          <Copyable text={c.password} label={t('credentials.password')} />
        </>
      )}
      {c.mqtt?.example && (
        <>
          <Text size="sm" fw={600}>
            {t('credentials.try')}
          </Text>
          <Copyable text={c.mqtt.example} label={t('credentials.try')} />
          <Text size="xs" c="dimmed">
            {t('credentials.tryHelp')}
          </Text>
        </>
      )}
    </Stack>
  )
}
