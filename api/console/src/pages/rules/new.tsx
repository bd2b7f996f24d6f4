// A new rule: from nothing, from a template, or in the place of another.

import { Button, Stack, Text } from '@mantine/core'
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

function FromNothing() {
  const { t } = useT()
  const [mode] = useStored('gatehouse.rule-mode', 'form')
  const [text] = useState(mode === 'form' ? blank : t('rules.example'))
  return (
    <Stack>
      <Text size="sm">
        <Link to="/rules?tab=templates">{t('rules.orTemplate')}</Link>
      </Text>
      <Editing text={text} />
    </Stack>
  )
}
