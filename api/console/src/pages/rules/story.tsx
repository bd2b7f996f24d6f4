// Tests of a rule in the small language of stories, run by the gateway while they are written.

import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/client'
import { useT } from '../../i18n'
import { Panel, Tag, Trouble, useDeed } from '../../ui/kit'
import { RuleEditor } from './editor'
import { read } from './outline'
import { storyOf } from './stories'

type Tried = Awaited<ReturnType<typeof tried>>

const tried = (text: string, tests: string) =>
  call('/v1/rules/test', { method: 'POST', body: { text, tests } })

export function StoryView({ text, kept }: { text: string; kept: string }) {
  const { t } = useT()
  const deed = useDeed()
  const [tests, setTests] = useState(() => localStorage.getItem(kept) ?? storyOf(read(text)))
  const [found, setFound] = useState<{ tests: string; text: string; out: Tried }>()
  const change = (next: string) => {
    setTests(next)
    try {
      localStorage.setItem(kept, next)
    } catch {
      // the browser's store is full: the page still has them
    }
  }
  const run = () => deed.run(async () => setFound({ tests, text, out: await tried(text, tests) }))
  const out = found?.out
  const current = found?.tests === tests && found.text === text
  return (
    <Panel
      title={t('rules.story')}
      actions={
        <>
          <Button size="xs" variant="default" onClick={() => change(storyOf(read(text)))}>
            {t('rules.storyNew')}
          </Button>
          <Button size="xs" loading={deed.busy} disabled={!tests.trim()} onClick={() => void run()}>
            {t('rules.storyRun')}
          </Button>
        </>
      }>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t('rules.storyHelp')}
        </Text>
        <RuleEditor
          label={t('rules.story')}
          text={tests}
          problems={current ? out?.problems : undefined}
          onChange={change}
          onSave={() => void run()}
        />
        {deed.error !== undefined && <Trouble error={deed.error} />}
        {out && !current && <Alert color="yellow">{t('rules.storyStale')}</Alert>}
        {out && current && (
          <Stack gap={6} role="status">
            {out.tests.map((x) => (
              <Group key={x.line} gap="xs">
                <Tag tone={x.passed ? 'green' : 'red'}>
                  {t(x.passed ? 'rules.storyRight' : 'rules.storyWrong')}
                </Tag>
                {x.name}
              </Group>
            ))}
            {out.failed === 0 && out.passed > 0 && (
              <Text size="sm">{t('rules.storyAll', { count: out.passed })}</Text>
            )}
          </Stack>
        )}
      </Stack>
    </Panel>
  )
}
