// Somebody else has saved a version meanwhile: who, when and what, and what becomes of one's own text.

import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useMemo } from 'react'
import { APIError } from '../../api/client'
import type { Rule } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat } from '../../session'
import { merged } from './diff'
import { Difference } from './difference'

/** Whether an error says that the version that was seen is not the newest. */
export const conflicts = (e: unknown) =>
  e instanceof APIError && e.code === 'conflict' && e.fields.some((f) => f.field === 'version')

interface Props {
  was: string // the text that both began from
  mine: string
  theirs: Rule
  onText: (text: string) => void // goes on from their version with this text
}

export function Changed({ was, mine, theirs, onText }: Props) {
  const { t } = useT()
  const f = useFormat()
  const both = useMemo(() => merged(was, mine, theirs.text), [was, mine, theirs.text])
  return (
    <Alert
      color="orange"
      variant="light"
      role="alert"
      data-testid="rule-changed"
      title={t('rules.changedBy', {
        name: theirs.by_name || '–',
        at: f.moment(theirs.at),
        n: theirs.version ?? 0,
      })}>
      <Stack gap="xs">
        {theirs.note && <Text size="sm">{t('rules.theirNote', { note: theirs.note })}</Text>}
        <Difference was={was} is={theirs.text} label={t('rules.theirChanges')} />
        <Text size="sm">{t('rules.changedHelp')}</Text>
        <Group gap="xs">
          {both !== undefined && (
            <Button size="compact-sm" onClick={() => onText(both)}>
              {t('rules.takeBoth')}
            </Button>
          )}
          <Button size="compact-sm" variant="default" onClick={() => onText(mine)}>
            {t('rules.keepMine')}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => onText(theirs.text)}>
            {t('rules.takeTheirs')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  )
}
