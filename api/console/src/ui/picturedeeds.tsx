// The picture of an alert: kept longer with a reason and an end, or destroyed at once.

import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { call, query } from '../api/client'
import type { Alert } from '../api/types'
import { useT } from '../i18n'
import { useFormat } from '../session'
import { said, Trouble, useDeed } from './kit'

const spans = ['3', '7', '30', '90'] // days

export function PictureDeeds({ a, onDone }: { a: Alert; onDone: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const [days, setDays] = useState('7')
  const deed = useDeed()
  const path = `/v1/alerts/${encodeURIComponent(a.id)}/picture`
  const done = (what: string) => {
    said(t(what))
    setOpen(false)
    onDone()
  }
  const keep = () => deed.run(async () => {
    const until = new Date(Date.now() + Number(days) * 86_400_000 - 60_000).toISOString()
    await call(path, { method: 'PUT', body: { reason: reason.trim(), until } })
    done('picture.kept')
  })
  const destroy = () => deed.run(async () => {
    await call(path + query({ reason: reason.trim() }), { method: 'DELETE' })
    done('picture.destroyed')
  })
  return (
    <>
      <Button size="sm" variant="default" data-testid="picture" onClick={() => setOpen(true)}>{t('picture.deed')}</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={t('picture.title')} centered closeButtonProps={{ 'aria-label': t('common.close') }}>
        <Stack>
          <Text size="sm">{a.picture_until ? t('picture.keptUntil', { time: f.moment(a.picture_until) }) : t('picture.hours')}</Text>
          <TextInput label={t('picture.reason')} required maxLength={300} value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
          <Select label={t('picture.until')} allowDeselect={false} value={days} onChange={(v) => v && setDays(v)} data={spans.map((n) => ({ value: n, label: t('picture.days', { n }) }))} />
          {deed.error !== undefined && <Trouble error={deed.error} />}
          <Group justify="flex-end">
            <Button color="red" variant="light" loading={deed.busy} disabled={!reason.trim()} onClick={() => void destroy()}>{t('picture.destroy')}</Button>
            <Button loading={deed.busy} disabled={!reason.trim()} onClick={() => void keep()}>{t('picture.keep')}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
