// Another address of a webhook. Another server gets a signing secret of its own, so that the old
// one can sign nothing that the new one believes.

import { Alert, Button, Group, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import { change, type Fields } from '../api/change'
import type { Webhook } from '../api/types'
import { useT } from '../i18n'
import { fieldError, said, useDeed } from './kit'
import { Dialog } from './dialog'
import { FormTrouble } from './clash'

function origin(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return ''
  }
}

export function MoveHook({
  w,
  gone,
  onClose,
  onMoved,
}: {
  w: Webhook
  gone?: boolean
  onClose: () => void
  onMoved: (secret: string) => void
}) {
  const { t } = useT()
  const [url, setURL] = useState(w.url)
  const [base] = useState<Fields>({ url: w.url })
  const deed = useDeed()
  const elsewhere = origin(url.trim()) !== '' && origin(url.trim()) !== origin(w.url)
  const save = () =>
    deed.run(async () => {
      const r = await change<{ secret?: string }>(
        `/v1/webhooks/${encodeURIComponent(w.id)}`,
        base,
        { url: url.trim() },
        { body: (patch) => ({ ...patch, new_secret: elsewhere }) },
      )
      said(t('common.saved'))
      onMoved(r?.secret ?? '')
      onClose()
    })
  return (
    <Dialog
      opened
      onClose={onClose}
      title={t('hook.move')}
      gone={gone}
      subject={{ url: w.url, kinds: w.kinds, disabled: w.disabled }}>
      <form onSubmit={(e) => (e.preventDefault(), void save())}>
        <Stack>
          <TextInput
            label={t('hook.url')}
            required
            type="url"
            maxLength={2000}
            data-autofocus
            value={url}
            error={fieldError(deed.error, 'url')}
            onChange={(e) => setURL(e.currentTarget.value)}
          />
          {elsewhere && (
            <Alert color="orange" variant="light">
              {t('hook.moveText')}
            </Alert>
          )}
          <FormTrouble
            error={deed.error}
            onTheirs={(k, now) => k === 'url' && setURL(String(now))}
            beside={['url']}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={deed.busy} disabled={!url.trim()}>
              {elsewhere ? t('hook.moveDo') : t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
