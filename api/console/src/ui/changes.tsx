// The fields that an action changed: before and after.

import { Text } from '@mantine/core'
import type { AuditChange } from '../api/types'
import { useT } from '../i18n'

export function Changes({ all }: { all?: AuditChange[] | null }) {
  const { t } = useT()
  if (!all?.length) return <>–</>
  return (
    <>
      {all.map((c) => (
        <Text key={c.field} size="xs" style={{ overflowWrap: 'anywhere' }}>
          <b>{c.field}</b>: {c.before ? <s>{c.before}</s> : null}
          {c.before ? ' → ' : ''}
          {c.after || t('audit.nothing')}
        </Text>
      ))}
    </>
  )
}
