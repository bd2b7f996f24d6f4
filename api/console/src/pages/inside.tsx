// Who is in the school now, by kind, by place and by name; and the roll call, which prints: everybody
// who is in or of whom nobody can say, by class, with a box to tick.

import { Button, Group, Select, Text } from '@mantine/core'
import { IconPrinter } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/client'
import type { Present } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel, Rows, Tag, Trouble, useDeed, type Tone } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { usePlaces } from '../ui/states'
import { When } from '../ui/when'
import { useClasses } from './people'

const answers = ['in', 'unknown', 'out'] as const
const kinds = ['student', 'staff', 'guardian', 'visitor'] as const
const tones: Record<(typeof answers)[number], Tone> = { in: 'green', unknown: 'orange', out: 'gray' }

export function InsidePage() {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const { get, put } = useAddress()
  const [roll, setRoll] = useState<Present[]>()
  const deed = useDeed()
  const where = get('where')
  const counts = useQuery({
    queryKey: ['presence', school],
    queryFn: ({ signal }) => call('/v1/presence', { query: { school }, signal }),
    refetchInterval: 15_000,
  })
  const total = (x: (typeof answers)[number]) => (counts.data?.kinds ?? []).reduce((n, k) => n + k[x], 0)
  const print = () =>
    deed.run(async () => {
      setRoll(await everybody(school))
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
      window.print()
    })
  return (
    <Page
      title={t('inside.title')}
      sub={counts.data ? t('inside.sub', { time: f.clock(counts.data.at, true) }) : ''}
      actions={
        <Button
          variant="default"
          leftSection={<IconPrinter size={16} aria-hidden />}
          loading={deed.busy}
          data-testid="roll-call"
          onClick={() => void print()}>
          {t('inside.print')}
        </Button>
      }>
      {deed.error ? <Trouble error={deed.error} /> : null}
      <div className="screen-only">
        <Loaded q={counts}>
          {(c) => (
            <>
              <div className="chips" role="group" aria-label={t('inside.title')}>
                {answers.map((x) => (
                  <button
                    type="button"
                    key={x}
                    className="chip"
                    aria-pressed={where === x}
                    data-testid={'inside-' + x}
                    onClick={() => put('where', where === x ? null : x)}>
                    <b>{f.number(total(x))}</b> <Tag tone={tones[x]}>{t('inside.' + x)}</Tag>
                  </button>
                ))}
              </div>
              <Text size="sm" mb="sm">
                {c.kinds
                  .map((k) =>
                    t('inside.ofKind', { kind: t('personKind.' + k.kind), in: k.in, unknown: k.unknown }),
                  )
                  .join(' · ')}
              </Text>
              <ByPlace zones={c.zones} />
            </>
          )}
        </Loaded>
        <People where={where} />
      </div>
      {roll && <RollCall roll={roll} at={new Date().toISOString()} />}
    </Page>
  )
}

/** Everybody who is in, or of whom nobody can say. */
async function everybody(school: string | undefined): Promise<Present[]> {
  const out: Present[] = []
  for (const where of ['in', 'unknown'] as const)
    for (let cursor = ''; ;) {
      const page = await call('/v1/presence/people', { query: { school, where, limit: 1000, cursor } })
      out.push(...page.items)
      if (!page.next) break
      cursor = page.next
    }
  return out
}

function ByPlace({ zones }: { zones: { zone: string; people: number }[] }) {
  const { t } = useT()
  const { put, get } = useAddress()
  const places = usePlaces()
  if (zones.length === 0) return null
  return (
    <Panel title={t('inside.places')}>
      <Group gap="xs">
        {zones.map((z) => (
          <Button
            key={z.zone}
            size="compact-sm"
            variant={get('zone') === z.zone && z.zone ? 'filled' : 'default'}
            disabled={!z.zone}
            onClick={() => put('zone', get('zone') === z.zone ? null : z.zone)}>
            {z.zone ? places.zoneName(z.zone) : t('inside.somewhere')}: {z.people}
          </Button>
        ))}
      </Group>
    </Panel>
  )
}

function People({ where }: { where: string }) {
  const { t } = useT()
  const school = useSchoolParam()
  const { can } = useSession()
  const { get, put } = useAddress()
  const classes = useClasses()
  const places = usePlaces()
  const filter = { school, where, kind: get('kind'), class: get('class'), zone: get('zone') }
  const list = usePaged('presence', '/v1/presence/people', filter, { every: 15_000 })
  return (
    <Panel flush label={t('inside.title')}>
      <div className="filters">
        <Select
          clearable
          placeholder={t('people.anyKind')}
          aria-label={t('people.kind')}
          value={filter.kind || null}
          onChange={(v) => put('kind', v)}
          data={kinds.map((k) => ({ value: k, label: t('personKind.' + k) }))}
        />
        <Select
          clearable
          searchable
          placeholder={t('people.anyClass')}
          aria-label={t('people.class')}
          value={filter.class || null}
          onChange={(v) => put('class', v)}
          data={classes}
        />
      </div>
      <PagedList list={list} empty={<Empty title={t('inside.nobody')} />}>
        {(rows) => (
          <Rows
            label={t('inside.title')}
            rows={rows}
            id={(p) => p.person}
            columns={[
              {
                key: 'name',
                label: t('people.name'),
                main: true,
                cell: (p) =>
                  can('people:open') ? (
                    <Link to={`/people/${p.person}`}>{p.name || p.person}</Link>
                  ) : (
                    p.name || p.person
                  ),
              },
              { key: 'class', label: t('people.class'), cell: (p) => p.class || t('personKind.' + p.kind) },
              {
                key: 'where',
                label: t('inside.where'),
                cell: (p) => <Tag tone={tones[p.where]}>{t('inside.' + p.where)}</Tag>,
              },
              {
                key: 'zone',
                label: t('inside.last'),
                cell: (p) => (p.zone ? places.zoneName(p.zone) : t('inside.sign.' + p.sign)),
              },
              { key: 'at', label: t('attendance.at'), cell: (p) => (p.at ? <When at={p.at} clock /> : '–') },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

/** The list for the assembly point, on paper: a box for each, by class. */
function RollCall({ roll, at }: { roll: Present[]; at: string }) {
  const { t } = useT()
  const f = useFormat()
  const { school } = useSession()
  const places = usePlaces()
  const groups = new Map<string, Present[]>()
  for (const p of roll) {
    const group = p.class || t('personKind.' + p.kind)
    groups.set(group, [...(groups.get(group) ?? []), p])
  }
  return (
    <div className="print-only roll-call" data-testid="roll">
      <h2>{t('inside.rollTitle', { school: school.name, time: f.moment(at, true) })}</h2>
      <p>{t('inside.rollHint', { count: roll.length })}</p>
      {[...groups].map(([group, people]) => (
        <section key={group}>
          <h3>
            {group} ({people.length})
          </h3>
          <ul>
            {people.map((p) => (
              <li key={p.person}>
                ☐ {p.name || p.number || p.person}
                {p.where === 'unknown' && ` (${t('inside.unknown')})`}
                {p.zone && ` · ${places.zoneName(p.zone)}`}
                {p.at && ` · ${f.clock(p.at, false)}`}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}
