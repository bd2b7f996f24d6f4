// Past occurrences of all devices.

import { Select } from '@mantine/core'
import { useT } from '../i18n'
import { useFormat, useSchoolParam } from '../session'
import { useAddress } from '../ui/address'
import { Page, Panel } from '../ui/kit'
import { OccurrenceRows } from '../ui/occurrences'
import { usePaged } from '../ui/paged'
import { usePlaces, useProfiles } from '../ui/states'

export function OccurrencesPage() {
  const { t } = useT()
  const school = useSchoolParam()
  const places = usePlaces()
  const { get, put } = useAddress()
  const v = { kind: get('kind'), zone: get('zone') }
  const list = usePaged('occurrences', '/v1/occurrences', { ...v, school }, { limit: 50, every: 15_000 })
  return (
    <Page title={t('nav.occurrences')} sub={t('occurrence.sub')}>
      <Panel flush label={t('nav.occurrences')}>
        <div className="filters">
          <Select
            clearable
            searchable
            placeholder={t('occurrence.anyKind')}
            aria-label={t('occurrence.what')}
            value={v.kind || null}
            onChange={(x) => put('kind', x)}
            data={useKinds()}
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
        <OccurrenceRows list={list} where />
      </Panel>
    </Page>
  )
}

/** Returns the kinds of all profiles, each once: common kinds with their translation, others with a
 * profile's title. */
function useKinds() {
  const { t } = useT()
  const f = useFormat()
  const titles = new Map<string, string>()
  for (const p of useProfiles().all)
    for (const [kind, e] of Object.entries(p.events ?? {}))
      titles.set(kind, titles.get(kind) ?? (f.local(e.title, e.title_zh) || kind))
  return [...titles]
    .map(([value, title]) => ({ value, label: t('occurrenceKind.' + value, { defaultValue: title }) }))
    .sort((a, b) => a.label.localeCompare(b.label))
}
