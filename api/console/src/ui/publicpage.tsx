// A public page of the school, for visitors or for guardians: on or off, its link and QR code, its notice.

import { Button, Checkbox, Group, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Sent } from '../api/types'
import { useT } from '../i18n'
import { useSchoolParam, useSession } from '../session'
import { useOpen } from './address'
import { Ask } from './ask'
import { FormDialog, useForm } from './form'
import { Copyable, Facts, Loaded, Panel, Tag } from './kit'

type Input = Sent<'VisitPageInput'> & Sent<'GuardianPageInput'>

interface Shown {
  on: boolean
  link?: string
  qr?: string
  notice?: string
  notice_zh?: string
}

interface Words {
  title: string
  text: string
  switch: string
  noticeHint: string
}

/** The settings of a public page. */
export function PublicPage(p: {
  name: string // of what is read, in the cache
  words: Words
  read: (school: string) => Promise<Shown>
  write: (body: Input) => Promise<unknown>
  children?: ReactNode
}) {
  const { t } = useT()
  const { can, school: own } = useSession()
  const school = useSchoolParam() ?? own.id
  const cache = useQueryClient()
  const [changing, change, changed] = useOpen('page')
  const [renewing, renew, renewed] = useOpen('renew')
  const q = useQuery({
    queryKey: [p.name, school],
    queryFn: () => p.read(school),
  })
  const set = async (body: Input) => {
    await p.write({ ...body, school })
    await cache.invalidateQueries({ queryKey: [p.name] })
  }
  const may = can('settings:write')
  return (
    <Panel title={p.words.title}>
      <Loaded q={q}>
        {(page) => {
          const link = page.link && new URL(page.link, location.origin).href
          return (
            <>
              <Text size="sm" mb="sm">
                {p.words.text}
              </Text>
              {p.children}
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
                  words={p.words}
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
  save: (body: Input) => Promise<void>
  words: Words
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
      title={p.words.title}>
      <Checkbox label={p.words.switch} {...check('on')} />
      <Textarea
        label={t('visitPage.notice')}
        description={p.words.noticeHint}
        autosize
        minRows={2}
        {...text('notice')}
      />
      <Textarea label={t('visitPage.noticeZH')} autosize minRows={2} {...text('notice_zh')} />
    </FormDialog>
  )
}
