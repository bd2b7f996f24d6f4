// The duty desk: who is not in the dorm, who is still in the school after the end, whose leave begins
// today, who was late. Each figure opens its rows.

import { Select, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../api/client'
import type { DeskList, DeskRow } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel, Rows, Tag, type Column, type Tone } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { AttendanceTag, usePlaces } from '../ui/states'
import { When } from '../ui/when'
import { useClasses } from './people'

const renewed = 10_000 // milliseconds
const tones: Record<DeskList, Tone> = {
  not_in_dorm: 'red',
  still_in_school: 'orange',
  leave_begins: 'blue',
  late_today: 'yellow',
}

export function DeskPage() {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const { get, put } = useAddress()
  const desk = useQuery({
    queryKey: ['desk', school],
    queryFn: ({ signal }) => call('/v1/desk', { query: { school }, signal }),
    refetchInterval: renewed,
  })
  return (
    <Page title={t('nav.desk')} sub={desk.data ? t('desk.sub', { time: f.clock(desk.data.at, true) }) : ''}>
      <Loaded q={desk}>
        {(d) => {
          // What needs somebody first, until a list is chosen.
          const first = d.lists.find((l) => l.open && l.people > 0) ?? d.lists[0]
          const list = d.lists.find((l) => l.list === get('list')) ?? first
          if (!list) return null
          return (
            <>
              <div className="chips" role="group" aria-label={t('nav.desk')}>
                {d.lists.map((l) => (
                  <button
                    type="button"
                    key={l.list}
                    className="chip"
                    aria-pressed={l.list === list.list}
                    data-testid={'desk-' + l.list}
                    onClick={() => put('list', l.list)}>
                    <b>{l.open ? f.number(l.people) : '–'}</b>{' '}
                    <Tag tone={l.open && l.people > 0 ? tones[l.list] : 'gray'}>{t('desk.' + l.list)}</Tag>
                  </button>
                ))}
              </div>
              {!list.open && (
                <Text size="sm" mb="sm" role="status">
                  {list.list === 'not_in_dorm'
                    ? t('desk.notNight')
                    : t('desk.notOver', { time: f.clock(list.from, false) })}
                </Text>
              )}
              <List key={list.list} list={list.list} />
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

function List({ list }: { list: DeskList }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const school = useSchoolParam()
  const places = usePlaces()
  const classes = useClasses()
  const { get, put } = useAddress()
  const rows = usePaged('desk', '/v1/desk/people', { school, list, class: get('class') }, { every: renewed })
  const session: Column<DeskRow> = {
    key: 'session',
    label: t('desk.session'),
    cell: (r) => (
      <span>
        {f.local(r.title, r.title_zh)} {r.state && <AttendanceTag s={r.state} />}
      </span>
    ),
  }
  const last: Column<DeskRow> = {
    key: 'last',
    label: t('desk.last'),
    cell: (r) => (
      <span>
        {r.zone ? places.zoneName(r.zone) + ' ' : ''}
        {r.at ? <When at={r.at} clock /> : '–'}
      </span>
    ),
  }
  const more: Record<DeskList, Column<DeskRow>[]> = {
    not_in_dorm: [session, last],
    still_in_school: [last],
    late_today: [session, { key: 'at', label: t('attendance.at'), cell: (r) => f.clock(r.at, false) }],
    leave_begins: [
      { key: 'from', label: t('desk.leaveFrom'), cell: (r) => f.moment(r.at, false) },
      {
        key: 'to',
        label: t('desk.leaveTo'),
        cell: (r) => (
          <span>
            {f.moment(r.until, false)} {r.offsite && <Tag tone="blue">{t('desk.offsite')}</Tag>}
          </span>
        ),
      },
    ],
  }
  return (
    <Panel flush label={t('desk.' + list)}>
      <div className="filters">
        <Select
          clearable
          searchable
          placeholder={t('people.anyClass')}
          aria-label={t('people.class')}
          value={get('class') || null}
          onChange={(v) => put('class', v)}
          data={classes}
        />
      </div>
      <PagedList list={rows} empty={<Empty title={t('desk.none')} hint={t('desk.noneHint')} />}>
        {(all) => (
          <Rows
            label={t('desk.' + list)}
            rows={all}
            id={(r) => `${r.person} ${r.session} ${r.at}`}
            columns={[
              {
                key: 'name',
                label: t('people.name'),
                main: true,
                cell: (r) =>
                  can('people:open') ? (
                    <Link to={`/people/${r.person}`}>{r.name || r.person}</Link>
                  ) : (
                    r.name || r.person
                  ),
              },
              { key: 'class', label: t('people.class'), cell: (r) => r.class || '–' },
              ...more[list],
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}
