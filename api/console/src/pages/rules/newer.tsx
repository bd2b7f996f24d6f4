// Rules that stand on an older version of their template: what the newer one changes, what the school
// has changed itself, and taking the newer one.

import { Alert, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../../api/client'
import type { RuleTemplate, TemplateUse } from '../../api/types'
import { useT } from '../../i18n'
import { useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { Loaded, said } from '../../ui/kit'
import { Difference } from './difference'
import { pageOf } from './list'
import { renewRules } from './save'

/** The text of a template as the text of a rule that has another id. */
export function under(id: string, text: string): string {
  return text.replace(/^id:.*$/m, () => 'id: ' + id)
}

export function Newer({ x }: { x: RuleTemplate }) {
  const { t } = useT()
  const { schools } = useSession()
  const [open, setOpen] = useState<TemplateUse>()
  const older = x.rules.filter((r) => r.older)
  if (older.length === 0) return null
  return (
    <Stack gap={4} align="flex-start" data-testid="newer">
      {older.map((r) => (
        <Text key={r.rule} size="sm">
          <Link to={pageOf(r.rule)}>{r.rule.replace(/@.*/, '')}</Link>
          {schools.length > 1 && ` (${r.school_name})`}: {t('rules.newerVersion')}{' '}
          <button type="button" className="linkish" data-testid="see-newer" onClick={() => setOpen(r)}>
            {t('rules.seeNewer')}
          </button>
        </Text>
      ))}
      {open && <Take x={x} use={open} onClose={() => setOpen(undefined)} />}
    </Stack>
  )
}

function Take({ x, use, onClose }: { x: RuleTemplate; use: TemplateUse; onClose: () => void }) {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const path = `/v1/rules/${encodeURIComponent(use.rule)}` as const
  const q = useQuery({ queryKey: ['rule', use.rule], queryFn: () => call(path) })
  const take = async (note: string) => {
    const r = q.data
    if (!r) return
    await call(path, {
      method: 'PUT',
      body: {
        text: under(r.plain_id, x.text),
        enabled: r.enabled,
        replaces: r.replaces,
        template: x.id,
        template_version: x.version,
        note,
        version: r.version ?? 0,
      },
    })
    await renewRules(cache)
    said(t('rules.newerTaken'))
  }
  return (
    <Ask
      opened
      onClose={onClose}
      title={t('rules.takeNewerOf', { id: use.rule.replace(/@.*/, '') })}
      deed={t('rules.takeNewer')}
      comment={{ label: t('rules.note') }}
      over={!can('rules:write') || !q.data?.mine}
      onDo={take}
      text={
        <Loaded q={q}>
          {(r) => (
            <Stack gap="xs">
              <Text size="sm">{t('rules.newerChanges')}</Text>
              <Difference was={use.base ?? ''} is={x.text} label={t('rules.newerChanges')} />
              {use.changed && (
                <>
                  <Alert color="yellow" p="xs">
                    {t('rules.newerLoses')}
                  </Alert>
                  <Difference was={r.text} is={under(r.plain_id, x.text)} label={t('rules.newerLoses')} />
                </>
              )}
            </Stack>
          )}
        </Loaded>
      }
    />
  )
}
