// A rejected message of a device, stored encrypted: it may be about people, so opening it needs a
// reason.

import { Button, Modal, Text } from '@mantine/core'
import { useState } from 'react'
import { call } from '../api/client'
import type { RefusedContent, Rejection } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { Ask } from './ask'

export function KeptContent({ r }: { r: Rejection }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const [ask, setAsk] = useState(false)
  const [content, setContent] = useState<RefusedContent>()
  const n = f.number(r.kept ?? 0)
  if (!can('people:open'))
    return (
      <Text size="sm" c="dimmed">
        {t('refused.sealed', { n })}
      </Text>
    )
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setAsk(true)}>
        {t('refused.open', { n })}
      </Button>
      <Ask
        opened={ask}
        onClose={() => setAsk(false)}
        title={t('refused.title')}
        text={t('refused.text')}
        deed={t('refused.deed')}
        comment={{ label: t('why.reason'), required: true }}
        onDo={async (reason) =>
          setContent(await call(`/v1/rejections/${r.seq}/content`, { query: { reason } }))
        }
      />
      <Modal
        opened={!!content}
        onClose={() => setContent(undefined)}
        title={t('refused.title')}
        size="lg"
        centered
        closeButtonProps={{ 'aria-label': t('common.close') }}>
        <pre className="refused" tabIndex={0}>
          {content?.text}
        </pre>
      </Modal>
    </>
  )
}
