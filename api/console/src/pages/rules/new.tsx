// A new rule: from nothing, from a template, or in the place of another.

import { Alert, Button, FileButton, Group, Stack, Text } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link } from 'react-router'
import { call } from '../../api/client'
import { useT } from '../../i18n'
import { useStored } from '../../session'
import { useAddress } from '../../ui/address'
import { Loaded, Page } from '../../ui/kit'
import { Editing } from './editing'
import { textOf } from './file'
import { useTemplates } from './templates'

/** The frame of a rule's pages. */
export function Frame(p: { title: string; sub?: ReactNode; children: ReactNode }) {
  const { t } = useT()
  return (
    <Page
      title={p.title}
      sub={p.sub}
      actions={
        <Button
          size="xs"
          variant="default"
          component={Link}
          to="/rules"
          leftSection={<IconArrowLeft size={16} />}>
          {t('rules.all')}
        </Button>
      }>
      {p.children}
    </Page>
  )
}

export function NewRule() {
  const { t } = useT()
  const at = useAddress()
  const template = at.get('template')
  const instead = at.get('instead')
  return (
    <Frame title={t('rules.new')} sub={t(instead ? 'rules.insteadSub' : 'rules.newSub')}>
      {instead ? <Instead id={instead} /> : template ? <FromTemplate id={template} /> : <FromNothing />}
    </Frame>
  )
}

function Instead({ id }: { id: string }) {
  const q = useQuery({
    queryKey: ['rule', id],
    queryFn: () => call(`/v1/rules/${encodeURIComponent(id)}`),
  })
  return <Loaded q={q}>{(r) => <Editing text={r.text} template={r.template} instead={r} />}</Loaded>
}

function FromTemplate({ id }: { id: string }) {
  const { t } = useT()
  const q = useTemplates()
  return (
    <Loaded q={q}>
      {(d) => {
        const found = d.templates.find((x) => x.id === id)
        if (!found) return <Text>{t('rules.noTemplate', { id })}</Text>
        return <Editing text={found.text} template={id} />
      }}
    </Loaded>
  )
}

// What a form begins with.
const blank =
  "id: ''\ntitle: ''\nseverity: warning\nwhen: {property: '', above: ''}\nfor: 5m\nclear: {after: 1m}\n" +
  'then:\n  - alert: {}\n'

const most = 64 << 10 // bytes of a rule

function FromNothing() {
  const { t } = useT()
  const [mode] = useStored('gatehouse.rule-mode', 'form')
  const [text] = useState(mode === 'form' ? blank : t('rules.example'))
  const [file, setFile] = useState<{ name: string; text: string }>()
  const [wrong, setWrong] = useState('')
  async function read(f: File | null) {
    if (!f) return
    setWrong(f.size > most ? t('rules.fileTooLarge', { name: f.name }) : '')
    if (f.size <= most) setFile({ name: f.name, text: textOf(await f.text()) })
  }
  return (
    <Stack>
      <Group>
        <Text size="sm">
          <Link to="/rules?tab=templates">{t('rules.orTemplate')}</Link>
        </Text>
        <FileButton accept=".yaml,.yml,.txt" onChange={(f) => void read(f)}>
          {(props) => (
            <Button {...props} size="compact-sm" variant="default">
              {t('rules.fromFile')}
            </Button>
          )}
        </FileButton>
        {file && (
          <Text size="sm" c="dimmed" role="status">
            {t('rules.isFromFile', { name: file.name })}
          </Text>
        )}
      </Group>
      {wrong && (
        <Alert color="red" role="alert">
          {wrong}
        </Alert>
      )}
      <Editing key={file?.text} text={file?.text ?? text} />
    </Stack>
  )
}
