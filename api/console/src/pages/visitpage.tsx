// The public page on which visitors register themselves: on or off, its link and QR code, its notice.

import { Button, Checkbox, Group, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/client'
import type { Sent } from '../api/types'
import { useT } from '../i18n'
import { useSchoolParam, useSession } from '../session'
import { useOpen } from '../ui/address'
import { Ask } from '../ui/ask'
import { FormDialog, useForm } from '../ui/form'
import { Copyable, Facts, Loaded, Panel, Tag } from '../ui/kit'

export function VisitPageSettings() {
  const { t } = useT()
  const { can, school: own } = useSession()
  const school = useSchoolParam() ?? own.id
  const cache = useQueryClient()
  const [changing, change, changed] = useOpen('page')
  const [renewing, renew, renewed] = useOpen('renew')
  const q = useQuery({
    queryKey: ['visit-page', school],
    queryFn: () => call('/v1/visit-page', { query: { school } }),
  })
  const set = async (body: Sent<'VisitPageInput'>) => {
    await call('/v1/visit-page', { method: 'POST', body: { ...body, school } })
    await cache.invalidateQueries({ queryKey: ['visit-page'] })
  }
  const may = can('settings:write')
  return (
    <Panel title={t('visitPage.title')}>
      <Loaded q={q}>
        {(page) => {
          const link = page.link && new URL(page.link, location.origin).href
          return (
            <>
              <Text size="sm" mb="sm">
                {t('visitPage.text')}
              </Text>
              <Facts
                items={[
                  [
                    t('visitPage.state'),
                    <Tag key="on" tone={page.on ? 'green' : 'gray'}>
                      {t(page.on ? 'visitPage.on' : 'visitPage.off')}
                    </Tag>,
                  ],
                ]}
              />
              {link && (
                <>
                  <Copyable text={link} label={t('visitPage.link')} />
                  {page.qr && <img src={page.qr} alt={t('visitPage.qr')} width={220} height={220} />}
                </>
              )}
              {may && (
                <Group mt="sm">
                  <Button onClick={() => change('1')}>{t('visitPage.change')}</Button>
                  {page.on && (
                    <Button variant="default" onClick={() => renew('1')}>
                      {t('visitPage.renew')}
                    </Button>
                  )}
                </Group>
              )}
              {changing && may && (
                <Change
                  first={{
                    on: page.on,
                    notice: page.notice ?? '',
                    notice_zh: page.notice_zh ?? '',
                  }}
                  save={set}
                  onClose={changed}
                />
              )}
              <Ask
                opened={!!renewing && may}
                onClose={renewed}
                danger
                title={t('visitPage.renew')}
                text={t('visitPage.renewText')}
                deed={t('visitPage.renew')}
                onDo={() => set({ on: page.on, notice: page.notice, notice_zh: page.notice_zh, renew: true })}
              />
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function Change(p: {
  first: { on: boolean; notice: string; notice_zh: string }
  save: (body: Sent<'VisitPageInput'>) => Promise<void>
  onClose: () => void
}) {
  const { t } = useT()
  const form = useForm('VisitPageInput', p.first)
  const { text, check, v } = form
  return (
    <FormDialog
      form={form}
      save={() => p.save(v)}
      onClose={p.onClose}
      deed={t('common.save')}
      title={t('visitPage.title')}>
      <Checkbox label={t('visitPage.switch')} {...check('on')} />
      <Textarea
        label={t('visitPage.notice')}
        description={t('visitPage.noticeHint')}
        autosize
        minRows={2}
        {...text('notice')}
      />
      <Textarea label={t('visitPage.noticeZH')} autosize minRows={2} {...text('notice_zh')} />
    </FormDialog>
  )
}
