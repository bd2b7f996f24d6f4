// The audit log; each entry's hash covers the previous one, so that changes can be detected.

import { Alert, Button, Select, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../../api/client'
import { useT } from '../../i18n'
import { dayIn, instantIn } from '../../lib/format'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { useAddress } from '../../ui/address'
import { Changes } from '../../ui/changes'
import { Empty, Panel, Rows, Trouble, useDeed } from '../../ui/kit'
import { PagedList, usePaged } from '../../ui/paged'
import { SearchField } from '../../ui/searchfield'
import { When } from '../../ui/when'

// Prefixes of the actions in the log.
const deeds = [
  'signin',
  'person',
  'people',
  'face',
  'pass',
  'consent',
  'sighting',
  'sightings',
  'attendance',
  'leave',
  'camera',
  'media',
  'picture',
  'alert',
  'incident',
  'lockdown',
  'level',
  'device',
  'driver',
  'zone',
  'floor',
  'building',
  'site',
  'school',
  'session',
  'setting',
  'user',
  'factor',
  'key',
  'webhook',
  'profile',
  'rejection',
  'gateway',
  'rules',
  'history',
  'audit',
]

/**
 * The span of two days as instants; without a first day from the beginning, without a last until
 * today.
 */
export function daySpan(zone: string, from: string, to: string, now: number): { from?: string; to?: string } {
  if (!from && !to) return {}
  const last = to || [dayIn(zone, now), from].sort().at(-1)!
  const after = new Date(Date.parse(last + 'T12:00:00Z') + 86_400_000).toISOString().slice(0, 10)
  return { from: instantIn(zone, (from || '1970-01-02') + 'T00:00'), to: instantIn(zone, after + 'T00:00') }
}

export function AuditTab() {
  const { t } = useT()
  const f = useFormat()
  const { school: s, can } = useSession()
  const school = useSchoolParam()
  const { get, put } = useAddress()
  const from = get('from')
  const to = get('to')
  const odd = from !== '' && to !== '' && to < from
  const filter = {
    actor: get('actor'),
    deed: get('deed'),
    object: get('object'),
    q: get('q'),
    ...daySpan(s.timezone, from, to, Date.now()),
    school,
  }
  const list = usePaged('audit', '/v1/audit', filter, { limit: 50, enabled: !odd })
  const users = useQuery({
    queryKey: ['users', school],
    queryFn: () => call('/v1/users', { query: { school, limit: 1000 } }),
    enabled: can('users:admin'),
  })
  const check = useDeed()
  const [found, setFound] = useState<{ ok: boolean; entries: number; message: string }>()
  const verify = () => check.run(async () => setFound(await call('/v1/audit/verify')))
  const who = (users.data?.items ?? []).map((u) => ({
    value: u.id,
    label: u.full_name ? `${u.full_name} (${u.name})` : u.name,
  }))
  const known = who.some((u) => u.value === get('actor')) || !get('actor')
  const day = (k: 'from' | 'to') => (
    <TextInput
      type="date"
      aria-label={t('audit.' + k)}
      title={t('audit.' + k)}
      value={get(k)}
      leftSection={
        <Text size="xs" c="dimmed">
          {t('audit.' + k)}
        </Text>
      }
      leftSectionWidth={48}
      error={k === 'to' && odd ? t('audit.odd') : undefined}
      onChange={(e) => put(k, e.currentTarget.value)}
    />
  )
  return (
    <Panel
      flush
      title={t('settings.audit')}
      actions={
        <Button size="xs" variant="default" loading={check.busy} onClick={() => void verify()}>
          {t('audit.verify')}
        </Button>
      }>
      {check.error !== undefined && <Trouble error={check.error} />}
      {found && (
        <Alert m="sm" variant="light" color={found.ok ? 'green' : 'red'} role="status">
          <Text size="sm">
            {found.ok
              ? t('audit.whole', { n: f.number(found.entries) })
              : t('audit.broken', { message: found.message })}
          </Text>
        </Alert>
      )}
      <div className="filters">
        <SearchField label={t('audit.search')} />
        {can('users:admin') ? (
          <Select
            clearable
            searchable
            placeholder={t('audit.actor')}
            aria-label={t('audit.actor')}
            value={get('actor') || null}
            onChange={(v) => put('actor', v)}
            data={known ? who : [...who, { value: get('actor'), label: get('actor') }]}
          />
        ) : (
          <SearchField param="actor" label={t('audit.actor')} />
        )}
        <Select
          clearable
          searchable
          placeholder={t('audit.deed')}
          aria-label={t('audit.deed')}
          value={get('deed') || null}
          onChange={(v) => put('deed', v)}
          data={[...new Set([...deeds, get('deed')])]
            .filter(Boolean)
            .map((d) => ({ value: d, label: t('auditDeed.' + d, { defaultValue: d }) }))}
        />
        <SearchField param="object" label={t('audit.object')} />
        {day('from')}
        {day('to')}
      </div>
      <PagedList list={list} empty={<Empty title={t('audit.none')} />}>
        {(rows) => (
          <Rows
            label={t('settings.audit')}
            rows={rows}
            id={(e) => e.seq}
            columns={[
              { key: 'time', label: t('common.time'), cell: (e) => <When at={e.time} seconds /> },
              { key: 'deed', label: t('audit.deed'), main: true, cell: (e) => <Deed deed={e.deed} /> },
              { key: 'actor', label: t('audit.actor'), cell: (e) => <Actor actor={e.actor} /> },
              {
                key: 'object',
                label: t('audit.object'),
                long: true,
                cell: (e) => <ObjectLink object={e.object} />,
              },
              {
                key: 'changes',
                label: t('audit.changes'),
                long: true,
                cell: (e) => <Changes all={e.changes} />,
              },
              {
                key: 'reason',
                label: t('common.reason'),
                long: true,
                cell: (e) => withNames(e.reason ?? '', e.people) || '–',
              },
              {
                key: 'hash',
                label: t('audit.hash'),
                nowrap: true,
                cell: (e) => <code title={e.hash}>{e.hash.slice(0, 8)}</code>,
              },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

/** The log has IDs instead of the names in a reason; users who may see people get the names. */
export function withNames(reason: string, people: Record<string, string> | undefined): string {
  return reason.replace(/\{(per_[\w.-]+)\}/g, (token, id: string) => people?.[id] ?? token)
}

/** The action in the user's language, with its name in the log and the API. */
function Deed({ deed }: { deed: string }) {
  const { t } = useT()
  const noun = t('auditDeed.' + deed.split('.')[0], { defaultValue: '' })
  const word = t('auditDone.' + deed, { defaultValue: noun })
  return (
    <>
      {word}{' '}
      <Text span size="xs" c="dimmed">
        {deed}
      </Text>
    </>
  )
}

/** The actor's name, with the ID as a tooltip. */
function Actor({ actor }: { actor: string }) {
  const { t } = useT()
  if (actor === 'configuration file') return <>{t('audit.byFile')}</>
  const cut = /^(usr|key)_\S+ (.+)$/.exec(actor)
  return cut ? <span title={actor}>{cut[2]}</span> : <>{actor}</>
}

function ObjectLink({ object }: { object: string }) {
  const { get } = useAddress()
  if (!object) return <>–</>
  return get('object') === object ? (
    <>{object}</>
  ) : (
    <Link to={`/settings/audit?object=${encodeURIComponent(object)}`}>{object}</Link>
  )
}
