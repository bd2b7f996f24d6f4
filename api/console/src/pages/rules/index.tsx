// The rules that hold: those of the gateway's files, of the schools above, and the school's own.

import { Button, Select, Stack, Tabs, Text } from '@mantine/core'
import { IconFileImport, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { Link, Route, Routes, useParams } from 'react-router'
import { severities, type Rule } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSession } from '../../session'
import { useAddress } from '../../ui/address'
import { Empty, Loaded, Page, Panel, Rows, Tag } from '../../ui/kit'
import { SearchField } from '../../ui/searchfield'
import { SeverityTag } from '../../ui/states'
import { When } from '../../ui/when'
import { Deleted } from './deleted'
import { ImportRules } from './import'
import { originOf, origins, pageOf, useRules } from './list'
import { NewRule } from './new'
import { KeptRule } from './one'
import { Origin, State } from './tags'
import { Templates } from './templates'

export function RulesPage() {
  return (
    <Routes>
      <Route index element={<List />} />
      <Route path="new" element={<NewRule />} />
      <Route path="import" element={<ImportRules />} />
      <Route path="kept/:id" element={<One />} />
    </Routes>
  )
}

function One() {
  const { id = '' } = useParams()
  return <KeptRule key={id} id={id} />
}

function List() {
  const { t } = useT()
  const { can } = useSession()
  const at = useAddress()
  return (
    <Page
      title={t('nav.rules')}
      sub={t('rules.sub')}
      actions={
        can('rules:write') && (
          <>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconFileImport size={16} />}
              component={Link}
              to="/rules/import">
              {t('rules.import')}
            </Button>
            <Button size="xs" leftSection={<IconPlus size={16} />} component={Link} to="/rules/new">
              {t('rules.new')}
            </Button>
          </>
        )
      }>
      <Deleted />
      <Tabs
        value={at.get('tab') || 'rules'}
        onChange={(v) => at.put('tab', v === 'rules' ? null : v)}
        keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="rules">{t('rules.inForce')}</Tabs.Tab>
          <Tabs.Tab value="templates">{t('rules.templates')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="rules">
          <Held />
        </Tabs.Panel>
        <Tabs.Panel value="templates">
          <Templates />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

const states = ['firing', 'on', 'off', 'broken'] as const
const rows = 100 // at a time

function Held() {
  const { t } = useT()
  const f = useFormat()
  const at = useAddress()
  const q = useRules()
  const [most, setMost] = useState(rows)
  const text = at.get('q').toLowerCase()
  const [origin, state, severity, by] = ['origin', 'state', 'severity', 'sort'].map((k) => at.get(k))
  const fits = (r: Rule) =>
    (!text ||
      [r.title, r.title_zh, r.id, r.file, r.school_name].some((s) => s?.toLowerCase().includes(text))) &&
    (!origin || originOf(r) === origin) &&
    (!severity || r.severity === severity) &&
    (!state ||
      (state === 'firing' && r.firing > 0) ||
      (state === 'on' && r.enabled && !r.problem) ||
      (state === 'off' && !r.enabled) ||
      (state === 'broken' && !!r.problem))
  const choice = (k: string, label: string, data: { value: string; label: string }[]) => (
    <Select
      clearable
      placeholder={label}
      aria-label={label}
      value={at.get(k) || null}
      onChange={(x) => at.put(k, x)}
      data={data}
    />
  )
  return (
    <Panel flush label={t('nav.rules')}>
      <div className="filters">
        <SearchField label={t('rules.search')} />
        {choice(
          'origin',
          t('rules.anyOrigin'),
          origins.map((o) => ({ value: o, label: t('rules.from.' + o) })),
        )}
        {choice(
          'state',
          t('rules.anyState'),
          states.map((s) => ({ value: s, label: t('rules.states.' + s) })),
        )}
        {choice(
          'severity',
          t('alerts.anySeverity'),
          [...severities].reverse().map((s) => ({ value: s, label: t('severity.' + s) })),
        )}
      </div>
      <Loaded q={q}>
        {(d) => {
          const all = sorted(d.items.filter(fits), by, f.local)
          if (all.length === 0)
            return (
              <Empty
                title={t(d.items.length ? 'rules.noneFits' : 'rules.none')}
                hint={t(d.items.length ? 'rules.noneFitsHint' : 'rules.noneHint')}
              />
            )
          return (
            <>
              <Table all={all.slice(0, most)} by={by} to={(v) => at.put('sort', v)} />
              {all.length > most && (
                <Stack align="center" p="sm">
                  <Button variant="default" size="xs" onClick={() => setMost(most + rows)}>
                    {t('rules.showMore', { count: all.length - most })}
                  </Button>
                </Stack>
              )}
              {d.more && (
                <Text size="sm" p="sm">
                  {t('rules.tooMany', { n: f.number(d.items.length) })}
                </Text>
              )}
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function Table(p: { all: Rule[]; by: string; to: (by: string | null) => void }) {
  const { t } = useT()
  const f = useFormat()
  return (
    <Rows
      label={t('nav.rules')}
      rows={p.all}
      id={(r) => r.id}
      to={(r) => pageOf(r.id)}
      sort={{ by: p.by, to: p.to }}
      columns={[
        {
          key: 'title',
          sort: 'title',
          label: t('rules.title'),
          main: true,
          cell: (r) => (
            <>
              <Link to={pageOf(r.id)}>{f.local(r.title, r.title_zh) || r.id}</Link>
              {r.problem && (
                <Text size="xs" c="red">
                  {r.problem}
                </Text>
              )}
            </>
          ),
        },
        {
          key: 'severity',
          sort: 'severity',
          label: t('rules.severity'),
          cell: (r) => <SeverityTag s={r.severity} />,
        },
        { key: 'state', label: t('rules.state'), cell: (r) => <State r={r} /> },
        { key: 'origin', label: t('rules.origin'), cell: (r) => <Origin r={r} /> },
        {
          key: 'version',
          label: t('rules.version'),
          cell: (r) =>
            r.version ? (
              <span title={[r.by_name, f.moment(r.at), r.note].filter(Boolean).join(' · ')}>
                {t('rules.versionBy', { n: r.version, name: r.by_name })}
              </span>
            ) : (
              '–'
            ),
        },
        {
          key: 'firing',
          sort: 'firing',
          label: t('rules.firing'),
          right: true,
          cell: (r) => (r.firing ? <Tag tone="red">{f.number(r.firing)}</Tag> : f.number(0)),
        },
        { key: 'last', sort: 'last', label: t('rules.lastFound'), cell: (r) => <When at={r.last_found} /> },
      ]}
    />
  )
}

// By a column; without one the school's own rules first, and by title.
function sorted(all: Rule[], by: string, local: (en?: string, zh?: string) => string): Rule[] {
  const field = by.replace('-', '')
  const title = (a: Rule, b: Rule) => local(a.title, a.title_zh).localeCompare(local(b.title, b.title_zh))
  const way: Record<string, (a: Rule, b: Rule) => number> = {
    title,
    severity: (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
    firing: (a, b) => a.firing - b.firing,
    last: (a, b) => (Date.parse(a.last_found ?? '') || 0) - (Date.parse(b.last_found ?? '') || 0),
    '': (a, b) => origins.indexOf(originOf(a)) - origins.indexOf(originOf(b)),
  }
  const sign = by.startsWith('-') ? -1 : 1
  return [...all].sort((a, b) => sign * (way[field] ?? way[''])(a, b) || title(a, b))
}
