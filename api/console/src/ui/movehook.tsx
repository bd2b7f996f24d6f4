// Changes the address of a webhook. Another server gets a new signing secret, so that the old one
// cannot sign messages for it.

import { Alert, TextInput } from '@mantine/core'
import { change } from '../api/change'
import type { Webhook } from '../api/types'
import { useT } from '../i18n'
import { said } from './kit'
import { FormDialog, useForm } from './form'

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
  const form = useForm('WebhookPatch', { url: w.url })
  const { url } = form.v
  const elsewhere = origin(url.trim()) !== '' && origin(url.trim()) !== origin(w.url)
  const save = async () => {
    const r = await change<{ secret?: string }>(
      `/v1/webhooks/${encodeURIComponent(w.id)}`,
      form.base,
      { url: url.trim() },
      { body: (patch) => ({ ...patch, new_secret: elsewhere }) },
    )
    said(t('common.saved'))
    onMoved(r?.secret ?? '')
  }
  return (
    <FormDialog
      form={form}
      save={save}
      ready={!!url.trim()}
      deed={elsewhere ? t('hook.moveDo') : t('common.save')}
      onClose={onClose}
      title={t('hook.move')}
      gone={gone}
      subject={{ url: w.url, kinds: w.kinds, disabled: w.disabled }}>
      <TextInput label={t('hook.url')} required type="url" data-autofocus {...form.text('url')} />
      {elsewhere && (
        <Alert color="orange" variant="light">
          {t('hook.moveText')}
        </Alert>
      )}
    </FormDialog>
  )
}
