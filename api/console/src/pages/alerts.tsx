// All alerts, past ones too.

import { Button, Select } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { Link } from 'react-router'
import { alertStates, hiddenBys, severities, type Alert } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam } from '../session'
import { Empty, Page, Panel, Rows } from '../ui/kit'
import { changed, useAddress, useHere } from '../ui/address'
import { PagedList, usePaged } from '../ui/paged'
import { SearchField } from '../ui/searchfield'
import { HiddenTag } from '../ui/shelve'
import { AlertTag, SeverityTag, usePlaces } from '../ui/states'
import { PickBox, UnshelveBar, usePicked } from '../ui/unshelve'
import { When } from '../ui/when'

const unresolved = 'open,acknowledged'

export function AlertsPage() {
  const { t } = useT()
  return (
    <Page title={t('nav.alerts')} sub={t('alerts.sub')}>
      <History />
    </Page>
  )
}

function History() {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const places = usePlaces()
  const { get, put } = useAddress()
  const here = useHere()
  const look = (id: string) => '/alerts?' + changed(here().params, { alert: id, do: 'look' })
  const v = {
    state: get('state'),
    severity: get('severity'),
    zone: get('zone'),
    rule: get('rule'),
    hidden: get('hidden'),
    suppression: get('suppression'),
    q: get('q'),
  }
  const list = usePaged('alerts', '/v1/alerts', { ...v, school }, { limit: 50 })
  const picked = usePicked(v.hidden === 'shelf' ? (list.q.data?.items ?? []) : [])
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
          data={[
            { value: unresolved, label: t('alerts.unresolved') },
            ...alertStates.map((s) => ({ value: s as string, label: t('alertState.' + s) })),
          ]}
        />
        <Select
          clearable
          placeholder={t('alerts.anyHidden')}
          aria-label={t('alerts.hidden')}
          data-testid="hidden-filter"
          value={v.hidden || null}
          onChange={(x) => put('hidden', x)}
          data={hiddenBys.map((h) => ({ value: h, label: t('alerts.hiddenBy.' + h) }))}
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
      {v.rule && (
        <Button
          size="compact-sm"
          variant="default"
          mx="sm"
          mb="sm"
          rightSection={<IconX size={14} />}
          onClick={() => put('rule', null)}>
          {t('alerts.ofRule', { id: v.rule })}
        </Button>
      )}
      {v.suppression && (
        <Button
          size="compact-sm"
          variant="default"
          mx="sm"
          mb="sm"
          rightSection={<IconX size={14} />}
          onClick={() => put('suppression', null)}>
          {t('alerts.ofSuppression')}
        </Button>
      )}
      <UnshelveBar picked={picked} />
      <PagedList list={list} empty={<Empty title={t('alerts.none')} hint={t('alerts.noneHint')} />}>
        {(rows) => (
          <Rows
            label={t('alerts.history')}
            rows={rows}
            id={(a) => a.id}
            to={(a) => look(a.id)}
            columns={[
              ...(picked.all.length > 0
                ? [
                    {
                      key: 'pick',
                      label: '',
                      shrink: true,
                      cell: (a: Alert) => <PickBox a={a} picked={picked} />,
                    },
                  ]
                : []),
              {
                key: 'title',
                label: t('alerts.what'),
                main: true,
                cell: (a) => (
                  <Link to={look(a.id)}>
                    {f.local(a.title, a.title_zh)}
                    {a.person_name && ` · ${a.person_name}`}
                  </Link>
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
              {
                key: 'hidden',
                label: t('alerts.hidden'),
                cell: (a) =>
                  a.hidden ? (
                    <span>
                      <HiddenTag a={a} /> {a.hidden.reason} ·{' '}
                      {t('alerts.hiddenUntil', { who: a.hidden.by_name || '–', at: f.short(a.hidden.until) })}
                    </span>
                  ) : (
                    '–'
                  ),
              },
              { key: 'resolver', label: t('alerts.resolver'), cell: (a) => a.resolver_name || '–' },
              { key: 'comment', label: t('alerts.comment'), cell: (a) => a.comment || '–' },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}
