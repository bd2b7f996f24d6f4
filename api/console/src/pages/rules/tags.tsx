// A rule's origin and state as words.

import { Group } from '@mantine/core'
import type { Rule } from '../../api/types'
import { useT } from '../../i18n'
import { useSession } from '../../session'
import { Tag } from '../../ui/kit'

/** Where a rule comes from. */
export function Origin({ r }: { r: Rule }) {
  const { t } = useT()
  const { schools } = useSession()
  if (r.origin === 'file')
    return (
      <span title={r.file && `${r.file}:${r.line}`}>
        <Tag>{t('rules.ofFile')}</Tag>
      </span>
    )
  const named = !r.mine || schools.length > 1
  return (
    <Group gap={4} wrap="nowrap">
      <Tag tone="blue">{named ? r.school_name || r.school : t('rules.own')}</Tag>
      {r.replaces && <Tag tone="violet">{t('rules.override')}</Tag>}
    </Group>
  )
}

/** Whether a rule holds. */
export function State({ r }: { r: Rule }) {
  const { t } = useT()
  if (r.problem) return <Tag tone="red">{t('rules.broken')}</Tag>
  if (r.origin === 'file' && r.replaced?.length)
    return <Tag tone="yellow">{t(r.enabled ? 'rules.partlyReplaced' : 'rules.replacedHere')}</Tag>
  return r.enabled ? <Tag tone="green">{t('rules.on')}</Tag> : <Tag>{t('rules.off')}</Tag>
}
