// One rule: its text, why it fires or does not, what it would have found, and its versions.

import { Alert, Button, Group, Stack, Tabs, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../../api/client'
import type { Rule } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSession } from '../../session'
import { useAddress } from '../../ui/address'
import { Facts, Loaded, Panel } from '../../ui/kit'
import { SeverityTag } from '../../ui/states'
import { When } from '../../ui/when'
import { BacktestView } from './backtest'
import { Editing } from './editing'
import { RuleEditor } from './editor'
import { fileOf, save } from './file'
import { ExplainView } from './explain'
import { pageOf, useRules } from './list'
import { Frame } from './new'
import { Origin, State } from './tags'
import { VersionsView } from './versions'

export function KeptRule({ id }: { id: string }) {
  const f = useFormat()
  const q = useQuery({
    queryKey: ['rule', id],
    queryFn: () => call(`/v1/rules/${encodeURIComponent(id)}`),
  })
  return (
    <Loaded q={q}>
      {(r) => (
        <Frame
          title={f.local(r.title, r.title_zh) || r.id}
          sub={
            <Group gap="xs">
              <SeverityTag s={r.severity} /> <Origin r={r} /> <State r={r} />
            </Group>
          }>
          <Shown r={r} />
        </Frame>
      )}
    </Loaded>
  )
}

function Shown({ r }: { r: Rule }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const at = useAddress()
  const versions = r.origin === 'school' && r.mine
  const facts: [string, React.ReactNode][] = [
    [t('rules.id'), <code key="i">{r.plain_id}</code>],
    [t('rules.origin'), r.file ? `${r.file}:${r.line}` : (r.school_name ?? r.school ?? '–')],
    [t('rules.found'), t('rules.foundOf', { n: f.number(r.found), firing: f.number(r.firing) })],
    [t('rules.lastFound'), <When key="l" at={r.last_found} />],
  ]
  if (r.version) facts.splice(2, 0, [t('rules.version'), <Version key="v" r={r} />])
  return (
    <Stack>
      {r.problem && (
        <Alert color="red" role="alert" title={t('rules.broken')}>
          {r.problem}
        </Alert>
      )}
      <Panel label={t('rules.about')}>
        <Facts items={facts} />
        <Button
          mt="sm"
          size="compact-sm"
          variant="default"
          onClick={() =>
            save(r.plain_id + '.yaml', fileOf({ ...r, id: r.plain_id, from: r.school_name || r.file }))
          }>
          {t('rules.saveFile')}
        </Button>
      </Panel>
      <InPlace r={r} />
      <Tabs
        value={at.get('tab') || 'text'}
        onChange={(v) => at.put('tab', v === 'text' ? null : v)}
        keepMounted>
        <Tabs.List mb="sm">
          <Tabs.Tab value="text">{t('rules.rule')}</Tabs.Tab>
          <Tabs.Tab value="why">{t('rules.why')}</Tabs.Tab>
          <Tabs.Tab value="past">{t('rules.past')}</Tabs.Tab>
          {versions && <Tabs.Tab value="versions">{t('rules.versions')}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="text">
          {r.mine && can('rules:write') ? <Editing text={r.text} rule={r} /> : <Reading r={r} />}
        </Tabs.Panel>
        <Tabs.Panel value="why" keepMounted={false}>
          <ExplainView id={r.id} />
        </Tabs.Panel>
        <Tabs.Panel value="past" keepMounted={false}>
          <BacktestView text={r.text} school={r.school} rule={r.id} />
        </Tabs.Panel>
        {versions && (
          <Tabs.Panel value="versions" keepMounted={false}>
            <VersionsView r={r} />
          </Tabs.Panel>
        )}
      </Tabs>
    </Stack>
  )
}

function Version({ r }: { r: Rule }) {
  return (
    <>
      {r.version} · {r.by_name} · <When at={r.at} /> {r.note && <em>{r.note}</em>}
    </>
  )
}

/** Which rule stands in whose place. */
function InPlace({ r }: { r: Rule }) {
  const { t } = useT()
  const f = useFormat()
  const rules = useRules()
  const all = rules.data?.items.filter((x) => x.plain_id === r.plain_id && x.id !== r.id) ?? []
  const link = (x: Rule) => (
    <Link key={x.id} to={pageOf(x.id)}>
      {f.local(x.title, x.title_zh) || x.id}
      {x.school_name && ` (${x.school_name})`}
    </Link>
  )
  const over = r.replaces ? all.filter((x) => x.origin === 'file' || x.school !== r.school).slice(0, 1) : []
  const under = all.filter((x) => x.replaces)
  if (over.length === 0 && (r.origin !== 'file' || under.length === 0)) return null
  return (
    <Text size="sm">
      {over.length > 0 ? (
        <>
          {t('rules.standsFor')} {over.map(link)}
        </>
      ) : (
        <>
          {t('rules.replacedBy')} {under.slice(0, 5).map((x, i) => [i > 0 && ', ', link(x)])}
        </>
      )}
    </Text>
  )
}

/** A rule that is changed elsewhere: in a file, or by a school above. */
function Reading({ r }: { r: Rule }) {
  const { t } = useT()
  const { can } = useSession()
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t(r.origin === 'file' ? 'rules.readOnlyFile' : 'rules.readOnlyAbove')}
      </Text>
      <RuleEditor text={r.text} label={t('rules.text')} readOnly />
      {can('rules:write') && (
        <Group>
          <Button variant="default" component={Link} to={'/rules/new?instead=' + encodeURIComponent(r.id)}>
            {t('rules.instead')}
          </Button>
          <Text size="sm" c="dimmed">
            {t('rules.insteadHelp')}
          </Text>
        </Group>
      )}
    </Stack>
  )
}
