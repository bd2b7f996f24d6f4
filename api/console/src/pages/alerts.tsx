// All alerts, past ones too, and the rules that raise them.

import { Accordion, Group, Select, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import { alertStates, severities } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam } from '../session'
import { Empty, Loaded, Page, Panel, Rows } from '../ui/kit'
import { useAddress } from '../ui/address'
import { PagedList, usePaged } from '../ui/paged'
import { SearchField } from '../ui/searchfield'
import { AlertTag, SeverityTag, usePlaces } from '../ui/states'
import { When } from '../ui/when'

export function AlertsPage() {
  const { t } = useT()
  const { get, put } = useAddress()
  return (
    <Page title={t('nav.alerts')} sub={t('alerts.sub')}>
      <Tabs
        value={get('tab') || 'history'}
        onChange={(v) => put('tab', v === 'history' ? null : v)}
        keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="history">{t('alerts.history')}</Tabs.Tab>
          <Tabs.Tab value="rules">{t('alerts.rules')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="history">
          <History />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <Rules />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

function History() {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const places = usePlaces()
  const { get, put } = useAddress()
  const v = { state: get('state'), severity: get('severity'), zone: get('zone'), q: get('q') }
  const list = usePaged('alerts', '/v1/alerts', { ...v, school }, { limit: 50 })
  return (
    <Panel flush label={t('alerts.history')}>
      <div className="filters">
        <SearchField label={t('alerts.search')} />
        <Select
          clearable
          placeholder={t('alerts.anyState')}
          aria-label={t('alerts.state')}
          value={v.state || null}
          onChange={(x) => put('state', x)}
          data={alertStates.map((s) => ({
            value: s,
            label: t('alertState.' + s),
          }))}
        />
        <Select
          clearable
          placeholder={t('alerts.anySeverity')}
          aria-label={t('alerts.severity')}
          value={v.severity || null}
          onChange={(x) => put('severity', x)}
          data={[...severities].reverse().map((s) => ({ value: s, label: t('severity.' + s) }))}
        />
        <Select
          clearable
          searchable
          placeholder={t('fleet.anyZone')}
          aria-label={t('fleet.zone')}
          value={v.zone || null}
          onChange={(x) => put('zone', x)}
          data={places.options}
        />
      </div>
      <PagedList list={list} empty={<Empty title={t('alerts.none')} hint={t('alerts.noneHint')} />}>
        {(rows) => (
          <Rows
            label={t('alerts.history')}
            rows={rows}
            id={(a) => a.id}
            columns={[
              {
                key: 'title',
                label: t('alerts.what'),
                main: true,
                cell: (a) => (
                  <>
                    {f.local(a.title, a.title_zh)}
                    {a.person_name && ` · ${a.person_name}`}
                  </>
                ),
              },
              { key: 'severity', label: t('alerts.severity'), cell: (a) => <SeverityTag s={a.severity} /> },
              { key: 'state', label: t('alerts.state'), cell: (a) => <AlertTag s={a.state} /> },
              {
                key: 'where',
                label: t('alerts.where'),
                cell: (a) =>
                  [
                    a.zone_name,
                    a.device_name,
                    a.moved_to && t('alerts.movedTo', { zone: a.moved_to_name || a.moved_to }),
                  ]
                    .filter(Boolean)
                    .join(' · ') || '–',
              },
              { key: 'opened', label: t('alerts.opened'), cell: (a) => <When at={a.opened} seconds /> },
              { key: 'who', label: t('alerts.who'), cell: (a) => a.handler_name || '–' },
              { key: 'resolver', label: t('alerts.resolver'), cell: (a) => a.resolver_name || '–' },
              { key: 'comment', label: t('alerts.comment'), cell: (a) => a.comment || '–' },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

function Rules() {
  const { t } = useT()
  const f = useFormat()
  const q = useQuery({ queryKey: ['rules'], queryFn: () => call('/v1/rules') })
  return (
    <Panel flush label={t('alerts.rules')}>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <Accordion chevronPosition="left">
              {d.items.map((r) => (
                <Accordion.Item key={r.id} value={r.id}>
                  <Accordion.Control>
                    <Group gap="xs">
                      <SeverityTag s={r.severity} /> {f.local(r.title, r.title_zh) || r.id}
                    </Group>
                  </Accordion.Control>
                  <Accordion.Panel>
                    <pre className="yaml" tabIndex={0} role="region" aria-label={r.id}>
                      {r.yaml}
                    </pre>
                  </Accordion.Panel>
                </Accordion.Item>
              ))}
            </Accordion>
          ) : (
            <Empty title={t('alerts.noRules')} hint={t('alerts.noRulesHint')} />
          )
        }
      </Loaded>
    </Panel>
  )
}
