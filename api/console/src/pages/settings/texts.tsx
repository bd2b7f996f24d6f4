// What messages say: the school's own texts, else those that are shipped, in each language.

import { Button, Code, Group, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { call, tagged } from '../../api/client'
import { change } from '../../api/change'
import type { MessageText } from '../../api/types'
import { useT } from '../../i18n'
import { useSchoolParam, useSession } from '../../session'
import { useOpen } from '../../ui/address'
import { FormDialog, useForm } from '../../ui/form'
import { Loaded, Panel, Rows, Tag } from '../../ui/kit'

export function TextsPanel() {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const [open, setOpen, close] = useOpen('text')
  const q = useQuery({
    queryKey: ['message-templates', school],
    queryFn: () => call('/v1/message-templates', { query: { school } }),
  })
  const id = (x: MessageText) => `${x.kind}.${x.language}`
  return (
    <Panel flush title={t('texts.title')}>
      <Loaded q={q}>
        {(d) => {
          const chosen = d.templates.find((x) => id(x) === open)
          return (
            <>
              <Rows
                label={t('texts.title')}
                rows={d.templates}
                id={id}
                columns={[
                  {
                    key: 'kind',
                    label: t('texts.kind'),
                    main: true,
                    cell: (x) => (
                      <>
                        {t('messageKind.' + x.kind)}
                        <Text size="xs" c="dimmed">
                          {t('spoken.' + x.language)}
                        </Text>
                      </>
                    ),
                  },
                  { key: 'subject', label: t('texts.subject'), cell: (x) => x.subject },
                  {
                    key: 'own',
                    label: t('texts.whose'),
                    cell: (x) => (x.own ? <Tag tone="blue">{t('texts.own')}</Tag> : t('texts.shipped')),
                  },
                  {
                    key: 'do',
                    label: '',
                    right: true,
                    cell: (x) =>
                      can('settings:write') && (
                        <Button size="compact-xs" variant="default" onClick={() => setOpen(id(x))}>
                          {t('common.edit')}
                        </Button>
                      ),
                  },
                ]}
              />
              {chosen && (
                <EditText
                  key={open}
                  kind={chosen.kind}
                  language={chosen.language}
                  names={d.kinds.find((k) => k.name === chosen.kind)?.params ?? []}
                  onClose={close}
                  onDone={() => cache.invalidateQueries({ queryKey: ['message-templates'] })}
                />
              )}
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

interface EditProps {
  kind: string
  language: string
  names: string[]
  onClose: () => void
  onDone: () => Promise<unknown>
}

const pathOf = (p: EditProps) =>
  `/v1/message-templates/${encodeURIComponent(p.kind)}/${encodeURIComponent(p.language)}`

function EditText(p: EditProps) {
  const school = useSchoolParam()
  const path = pathOf(p) + (school ? `?school=${encodeURIComponent(school)}` : '')
  const q = useQuery({
    queryKey: ['message-template', path],
    queryFn: () => tagged<MessageText>(path),
    staleTime: Infinity, // a form's beginning
    gcTime: 0,
  })
  return <Loaded q={q}>{(d) => <TextForm {...p} path={path} first={d.body} etag={d.etag} />}</Loaded>
}

function TextForm(p: EditProps & { path: string; first: MessageText; etag: string }) {
  const { t } = useT()
  const area = useRef<HTMLTextAreaElement>(null)
  const form = useForm(undefined, { subject: p.first.subject, text: p.first.text })
  const put = async (subject: string, text: string) => {
    const next = { subject, text }
    await change(p.path, form.base, next, { etag: p.etag, method: 'PUT', body: () => next })
    await p.onDone()
  }
  const insert = (name: string) => {
    const at = area.current?.selectionStart ?? form.v.text.length
    form.set({ text: `${form.v.text.slice(0, at)}{${name}}${form.v.text.slice(at)}` })
    area.current?.focus()
  }
  return (
    <FormDialog
      form={form}
      size="lg"
      title={`${t('messageKind.' + p.kind)}, ${t('spoken.' + p.language)}`}
      deed={t('common.save')}
      ready={!!form.v.subject.trim() && !!form.v.text.trim()}
      other={p.first.own ? { deed: t('texts.back'), run: () => put('', '') } : undefined}
      onClose={p.onClose}
      save={() => put(form.v.subject, form.v.text)}>
      <TextInput label={t('texts.subject')} required maxLength={200} {...form.text('subject')} />
      <Textarea
        ref={area}
        label={t('texts.text')}
        description={t('texts.help')}
        required
        autosize
        minRows={5}
        maxRows={16}
        maxLength={4000}
        {...form.text('text')}
      />
      <Group gap={4} role="group" aria-label={t('texts.names')}>
        {p.names.map((name) => (
          <Button key={name} size="compact-xs" variant="default" onClick={() => insert(name)}>
            {`{${name}}`} {t('texts.name.' + name)}
          </Button>
        ))}
      </Group>
      <Stack gap={4}>
        <Text size="sm" fw={600}>
          {t('texts.preview')}
        </Text>
        <Code block>
          {sampled(form.v.subject, p.names, t)}
          {'\n\n'}
          {sampled(form.v.text, p.names, t)}
        </Code>
      </Stack>
    </FormDialog>
  )
}

// A text with samples in the places of its names.
const sampled = (text: string, names: string[], t: (key: string) => string) =>
  names.reduce((s, name) => s.replaceAll(`{${name}}`, t('texts.sample.' + name)), text)
