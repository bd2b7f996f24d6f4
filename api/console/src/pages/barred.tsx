// The barred list: who is not let in, why, by whom and until when.

import { Button, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { call } from '../api/client'
import type { Sent } from '../api/types'
import { useT } from '../i18n'
import { instantIn, wallIn } from '../lib/format'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useOpen } from '../ui/address'
import { Ask } from '../ui/ask'
import { FormDialog, useForm } from '../ui/form'
import { Empty, Panel, Rows } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'

export function BarredList() {
  const { t } = useT()
  const f = useFormat()
  const may = useSession().can('visits:write')
  const school = useSchoolParam()
  const cache = useQueryClient()
  const [adding, add, added] = useOpen('bar')
  const [endID, askEnd, noEnd] = useOpen('unbar')
  const list = usePaged('barred', '/v1/barred', { school }, { limit: 50, every: 60_000 })
  return (
    <Panel
      flush
      title={t('barred.title')}
      actions={may && <Button onClick={() => add('1')}>{t('barred.add')}</Button>}>
      <PagedList list={list} empty={<Empty title={t('barred.none')} hint={t('barred.noneHint')} />}>
        {(rows) => (
          <Rows
            label={t('barred.title')}
            rows={rows}
            id={(b) => b.id}
            columns={[
              { key: 'name', label: t('visit.name'), main: true, cell: (b) => b.name },
              {
                key: 'by',
                label: t('barred.found'),
                cell: (b) => [b.phone, b.with_id && t('barred.card')].filter(Boolean).join(' · '),
              },
              { key: 'reason', label: t('visit.why'), cell: (b) => b.reason },
              { key: 'who', label: t('barred.by'), cell: (b) => b.by.replace(/^usr_\S+ /, '') },
              { key: 'ends', label: t('visit.to'), nowrap: true, cell: (b) => f.short(b.ends) },
              {
                key: 'do',
                label: '',
                right: true,
                cell: (b) =>
                  may && (
                    <Button size="compact-xs" variant="default" onClick={() => askEnd(b.id)}>
                      {t('barred.end')}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </PagedList>
      {adding && may && <Add school={school} onClose={added} />}
      <Ask
        opened={!!endID && may}
        onClose={noEnd}
        title={t('barred.endTitle')}
        text={t('barred.endText')}
        deed={t('barred.end')}
        onDo={async () => {
          await call(`/v1/barred/${encodeURIComponent(endID)}/end`, { method: 'POST' })
          await cache.invalidateQueries({ queryKey: ['barred'] })
          await cache.invalidateQueries({ queryKey: ['visits'] })
        }}
      />
    </Panel>
  )
}

function Add(p: { school?: string; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const zone = useSession().school.timezone
  const form = useForm('BarredInput', () => ({
    name: '',
    phone: '',
    card_number: '',
    reason: '',
    ends: wallIn(zone, new Date(Date.now() + 180 * 86400_000).toISOString()),
  }))
  const { v, text } = form
  const save = async () => {
    const body = {
      ...v,
      school: p.school || undefined,
      phone: v.phone || undefined,
      card_number: v.card_number || undefined,
      ends: instantIn(zone, v.ends),
    } satisfies Sent<'BarredInput'>
    await call('/v1/barred', { method: 'POST', body })
    await cache.invalidateQueries({ queryKey: ['barred'] })
    await cache.invalidateQueries({ queryKey: ['visits'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={p.onClose}
      deed={t('barred.add')}
      ready={!!v.name.trim() && !!v.reason.trim() && !!v.ends && !!(v.phone.trim() || v.card_number.trim())}
      title={t('barred.add')}>
      <TextInput label={t('visit.name')} required data-autofocus {...text('name')} />
      <TextInput label={t('visit.phone')} type="tel" description={t('barred.one')} {...text('phone')} />
      <TextInput label={t('barred.card')} description={t('barred.cardHint')} {...text('card_number')} />
      <Textarea label={t('visit.why')} required autosize minRows={2} {...text('reason')} />
      <TextInput label={t('barred.until')} type="datetime-local" required {...text('ends')} />
    </FormDialog>
  )
}
