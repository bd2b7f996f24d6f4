// The police link, which is not available yet, as the page says.

import { List, Text } from '@mantine/core'
import { useT } from '../../i18n'
import { Panel, Tag } from '../../ui/kit'

export function PoliceTab() {
  const { t } = useT()
  return (
    <Panel title={t('settings.police')} actions={<Tag dot>{t('handover.linkOff')}</Tag>}>
      <Text fw={600}>{t('police.off')}</Text>
      <List size="sm" mt="xs" spacing={4}>
        {['nothing', 'approval', 'incidents', 'on'].map((k) => (
          <List.Item key={k}>{t('police.' + k)}</List.Item>
        ))}
      </List>
    </Panel>
  )
}
