// Every version of a rule, what each changed, and back to one of them.

import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import type { Rule, RuleVersion } from '../../api/types'
import { useT } from '../../i18n'
import { useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { Loaded, Panel, said, Tag } from '../../ui/kit'
import { When } from '../../ui/when'
import { Difference } from './difference'
import { renewRules } from './save'

export function VersionsView({ r }: { r: Rule }) {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const [open, setOpen] = useState<number>()
  const [back, setBack] = useState<RuleVersion>()
  const path = `/v1/rules/${encodeURIComponent(r.id)}` as const
  const q = useQuery({
    queryKey: ['rule-versions', r.id],
    queryFn: () => call(`${path}/versions`),
  })
  const restore = async (note: string) => {
    const body = { version: r.version ?? 0, from: back!.version, note }
    await call(`${path}/restore`, { method: 'POST', body })
    await renewRules(cache)
    said(t('rules.restored', { n: back!.version }))
  }
  return (
    <Loaded q={q}>
      {(d) => (
        <Stack gap="xs">
          {d.versions.length === 1 && <Text size="sm">{t('rules.onlyVersion')}</Text>}
          {d.versions.map((v, i) => (
            <Panel key={v.version} label={t('rules.versionN', { n: v.version })}>
              <Group justify="space-between">
                <div>
                  <strong>{t('rules.versionN', { n: v.version })}</strong> · {v.by_name || '–'} ·{' '}
                  <When at={v.at} /> {i === 0 && <Tag tone="green">{t('rules.newest')}</Tag>}{' '}
                  {v.deleted ? (
                    <Tag tone="red">{t('rules.deleted')}</Tag>
                  ) : (
                    !v.enabled && <Tag>{t('rules.off')}</Tag>
                  )}
                  {v.note && (
                    <Text size="sm" c="dimmed">
                      {v.note}
                    </Text>
                  )}
                </div>
                <Group gap="xs">
                  <Button
                    size="xs"
                    variant="default"
                    aria-expanded={open === v.version}
                    onClick={() => setOpen(open === v.version ? undefined : v.version)}>
                    {t('rules.changes')}
                  </Button>
                  {i > 0 && !v.deleted && can('rules:write') && (
                    <Button size="xs" onClick={() => setBack(v)}>
                      {t('rules.restore')}
                    </Button>
                  )}
                </Group>
              </Group>
              {open === v.version && <Against v={v} before={d.versions[i + 1]} />}
            </Panel>
          ))}
          <Ask
            opened={!!back}
            onClose={() => setBack(undefined)}
            title={t('rules.restoreN', { n: back?.version ?? 0 })}
            text={
              back && (
                <Stack gap="xs">
                  {t('rules.restoreText')}
                  <Difference was={d.versions[0].text} is={back.text} label={t('rules.changes')} />
                </Stack>
              )
            }
            deed={t('rules.restore')}
            comment={{ label: t('rules.note') }}
            onDo={restore}
          />
        </Stack>
      )}
    </Loaded>
  )
}

/** What a version changed. */
function Against({ v, before }: { v: RuleVersion; before?: RuleVersion }) {
  const { t } = useT()
  return (
    <Stack gap="xs" mt="sm">
      {before && before.enabled !== v.enabled && (
        <Alert color="gray" variant="light" p="xs">
          {t(v.enabled ? 'rules.switchedOn' : 'rules.switchedOff')}
        </Alert>
      )}
      <Difference was={before?.text ?? ''} is={v.text} label={t('rules.changes')} />
    </Stack>
  )
}
