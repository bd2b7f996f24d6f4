// A colleague's changes while a form was open, field by field: the user keeps their own value or
// takes the colleague's, and saves again.

import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { Clashes, type Words } from '../api/change'
import { useT } from '../i18n'
import { Trouble } from './kit'
import { useWords } from './words'

interface Props {
  error: unknown
  onTheirs: (field: string, now: unknown) => void // puts the colleague's value into the form
  beside?: string[] // fields that show their own error
}

/** The error that kept a form from being saved; with a choice if it is a colleague's change. */
export function FormTrouble({ error, onTheirs, beside }: Props) {
  if (error === undefined) return null
  if (!(error instanceof Clashes)) return <Trouble error={error} beside={beside} />
  return <Choice key={error.message} clashes={error.clashes} onTheirs={onTheirs} />
}

function Choice({ clashes, onTheirs }: { clashes: Clashes['clashes']; onTheirs: Props['onTheirs'] }) {
  const { t } = useT()
  const words = useWords()
  const [chosen, choose] = useState<Record<string, 'mine' | 'theirs'>>({})
  return (
    <Alert color="orange" variant="light" role="alert" title={t('clash.title')} data-testid="clash">
      <Stack gap="sm">
        {clashes.map((c) => (
          <div key={c.field}>
            <Text size="sm" fw={600}>
              {words.label(c.field)}
            </Text>
            <Said head={t('clash.theirs')} value={c.now} words={words} />
            <Said head={t('clash.mine')} value={c.mine} words={words} />
            <Group gap="xs" mt={4}>
              <Button
                size="compact-sm"
                variant={chosen[c.field] === 'mine' ? 'filled' : 'default'}
                aria-pressed={chosen[c.field] === 'mine'}
                onClick={() => choose({ ...chosen, [c.field]: 'mine' })}>
                {t('clash.keep')}
              </Button>
              <Button
                size="compact-sm"
                variant={chosen[c.field] === 'theirs' ? 'filled' : 'default'}
                aria-pressed={chosen[c.field] === 'theirs'}
                disabled={chosen[c.field] === 'theirs'}
                onClick={() => (choose({ ...chosen, [c.field]: 'theirs' }), onTheirs(c.field, c.now))}>
                {t('clash.take')}
              </Button>
            </Group>
          </div>
        ))}
        <Text size="xs">{t('clash.then')}</Text>
      </Stack>
    </Alert>
  )
}

function Said({ head, value, words }: { head: string; value: unknown; words: Words }) {
  return (
    <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
      {head} {words.value(value)}
    </Text>
  )
}
