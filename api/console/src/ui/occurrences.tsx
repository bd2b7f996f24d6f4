// Lists of occurrences of devices.

import { Text } from '@mantine/core'
import { Link } from 'react-router'
import type { Occurrence } from '../api/types'
import { useT } from '../i18n'
import { said } from '../lib/occurrence'
import { useFormat } from '../session'
import { Empty, Rows, Tag } from './kit'
import { PagedList, type Paged } from './paged'
import { usePlaces, useProfiles } from './states'
import { When } from './when'

/** An occurrence's title and data. */
function Happened({ o }: { o: Occurrence }) {
  const { t } = useT()
  const f = useFormat()
  const event = useProfiles().get(o.profile ?? '')?.events?.[o.kind]
  const { title, data } = said(o, event, t, f.local, f.value)
  return (
    <>
      <Text span size="sm" fw={600}>
        {title}
      </Text>
      {data && (
        <Text span size="sm" c="dimmed">
          {' · ' + data}
        </Text>
      )}{' '}
      {o.replayed && <Tag>{t('sighting.replayed')}</Tag>}
    </>
  )
}

/** A list of occurrences; `where` adds device and zone, for lists of several devices. */
export function OccurrenceRows({ list, where }: { list: Paged<Occurrence>; where?: boolean }) {
  const { t } = useT()
  const places = usePlaces()
  return (
    <PagedList list={list} empty={<Empty title={t('occurrence.none')} hint={t('occurrence.noneHint')} />}>
      {(rows) => (
        <Rows
          label={t('nav.occurrences')}
          rows={rows}
          id={(o) => o.id}
          columns={[
            { key: 'what', label: t('occurrence.what'), main: true, cell: (o) => <Happened o={o} /> },
            { key: 'time', label: t('common.time'), cell: (o) => <When at={o.time} seconds /> },
            ...(where
              ? [
                  {
                    key: 'device',
                    label: t('occurrence.device'),
                    cell: (o: Occurrence) => <Link to={`/fleet/${o.device}`}>{o.name || o.device}</Link>,
                  },
                  {
                    key: 'zone',
                    label: t('fleet.zone'),
                    cell: (o: Occurrence) => places.zoneName(o.zone),
                  },
                ]
              : []),
          ]}
        />
      )}
    </PagedList>
  )
}
