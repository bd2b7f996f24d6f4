// One muster on a telephone: who is looked for, ticked off by name, also while there is no network;
// and, once it is closed, its record.

import { Button, Select, Text, Textarea } from '@mantine/core'
import { IconPrinter } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { call } from '../../api/client'
import type { Muster, MusterPerson, MusterState, Sent } from '../../api/types'
import { useT } from '../../i18n'
import { standing } from '../../lib/muster'
import { useFormat, useSession } from '../../session'
import { useAddress } from '../../ui/address'
import { FormDialog, useForm } from '../../ui/form'
import { Empty, Loaded, Page, Panel, Tag, Trouble, useDeed } from '../../ui/kit'
import { PagedList, usePaged } from '../../ui/paged'
import { usePlaces } from '../../ui/states'
import { useClasses } from '../people'
import { byName, DrillTag, tones } from './parts'
import { MusterPaper, type Paper } from './paper'
import { useTicks, type Ticks } from './ticks'

const states = ['missing', 'waiting', 'safe', 'away', 'not_sought'] as const
const renewed = 3000 // milliseconds

export function MusterPage() {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const { id = '' } = useParams()
  const [closing, setClosing] = useState(false)
  const [paper, setPaper] = useState<Paper>()
  const deed = useDeed()
  const muster = useQuery({
    queryKey: ['musters', 'one', id],
    queryFn: ({ signal }) => call(`/v1/musters/${id}`, { signal }),
    refetchInterval: (q) => (q.state.data?.closed ? false : renewed),
  })
  const ticks = useTicks(id)
  const m = muster.data
  const print = () =>
    deed.run(async () => {
      setPaper({ people: await everybody(id), at: new Date().toISOString() })
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
      window.print()
    })
  return (
    <Page
      title={t(m?.drill ? 'musters.titleDrill' : 'musters.title')}
      sub={m && <Head m={m} />}
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconPrinter size={16} aria-hidden />}
            loading={deed.busy}
            data-testid="muster-print"
            onClick={() => void print()}>
            {t('musters.print')}
          </Button>
          {m && !m.closed && can('lockdown:clear') && (
            <Button color="orange" data-testid="muster-close" onClick={() => setClosing(true)}>
              {t('musters.close')}
            </Button>
          )}
        </>
      }>
      {deed.error ? <Trouble error={deed.error} /> : null}
      <div className="screen-only">
        <Loaded q={muster}>
          {(m) => (
            <>
              <Counts m={m} />
              {m.closed && (
                <Panel title={t('musters.record')}>
                  <Text size="sm">
                    {t('musters.closedAt', {
                      from: f.moment(m.started, true),
                      to: f.moment(m.closed, true),
                      by: byName(m.closed_by),
                    })}
                  </Text>
                  {m.report && <Text mt="xs">{m.report}</Text>}
                </Panel>
              )}
              <TicksState ticks={ticks} />
              <People m={m} ticks={ticks} />
            </>
          )}
        </Loaded>
      </div>
      {m && paper && <MusterPaper m={m} paper={paper} />}
      {m && closing && <CloseDialog m={m} onClose={() => setClosing(false)} />}
    </Page>
  )
}

/** Everybody who was looked for or ticked. */
async function everybody(id: string): Promise<MusterPerson[]> {
  const out: MusterPerson[] = []
  for (const state of ['missing', 'waiting', 'safe', 'away'] as const)
    for (let cursor = ''; ;) {
      const page = await call(`/v1/musters/${id}/people`, { query: { state, limit: 1000, cursor } })
      out.push(...page.items)
      if (!page.next) break
      cursor = page.next
    }
  return out
}

function Head({ m }: { m: Muster }) {
  const { t } = useT()
  const f = useFormat()
  const places = usePlaces()
  const where = m.building
    ? (places.buildings.find((b) => b.id === m.building)?.name ?? m.building)
    : t('musters.wholeSchool')
  return (
    <>
      <DrillTag m={m} /> {where} ·{' '}
      {t('musters.since', { time: f.moment(m.started, false), by: byName(m.by) })}
      {m.place && ` · ${t('musters.gather', { place: m.place })}`}
    </>
  )
}

function Counts({ m }: { m: Muster }) {
  const { t } = useT()
  const f = useFormat()
  const { get, put } = useAddress()
  const n: Record<MusterState, number> = {
    missing: m.counts.missing,
    waiting: m.counts.waiting,
    safe: m.counts.safe,
    away: m.counts.away,
    not_sought: m.counts.out,
  }
  return (
    <div className="chips" role="group" aria-label={t('musters.title')}>
      {states.map((x) => (
        <button
          type="button"
          key={x}
          className="chip"
          aria-pressed={get('state') === x}
          data-testid={'muster-' + x}
          onClick={() => put('state', get('state') === x ? null : x)}>
          <b>{f.number(n[x])}</b> <Tag tone={tones[x]}>{t('musterState.' + x)}</Tag>
        </button>
      ))}
    </div>
  )
}

function TicksState({ ticks }: { ticks: Ticks }) {
  const { t } = useT()
  if (ticks.error) return <Trouble error={ticks.error} retry={ticks.again} />
  return (
    <>
      <Text size="sm" c="dimmed" role="status" data-testid="muster-ticks">
        {ticks.waiting.length === 0
          ? t('roll.sent')
          : t('roll.waiting', { count: ticks.waiting.length }) + (ticks.safe ? '' : ' ' + t('roll.stay'))}
      </Text>
      {ticks.full && (
        <Text size="sm" c="red" role="alert">
          {t('musters.full')}
        </Text>
      )}
      {ticks.strange > 0 && (
        <Text size="sm" c="red" role="alert">
          {t('musters.strange', { count: ticks.strange })}
        </Text>
      )}
    </>
  )
}

function People({ m, ticks }: { m: Muster; ticks: Ticks }) {
  const { t } = useT()
  const { get, put } = useAddress()
  const classes = useClasses()
  const list = usePaged(
    'musters',
    `/v1/musters/${m.id}/people`,
    { state: (get('state') || undefined) as MusterState | undefined, class: get('class') },
    { every: m.closed ? undefined : renewed, limit: 100 },
  )
  return (
    <Panel label={t('musters.title')}>
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
      <PagedList list={list} empty={<Empty title={t('musters.nobody')} hint={t('musters.nobodyHint')} />}>
        {(rows) => (
          <ul className="roll muster" aria-label={t('musters.title')}>
            {rows.map((p) => (
              <Person key={p.person} p={p} ticks={ticks} />
            ))}
          </ul>
        )}
      </PagedList>
    </Panel>
  )
}

const words = ['safe', 'missing', 'away'] as const

function Person({ p, ticks }: { p: MusterPerson; ticks: Ticks }) {
  const { t } = useT()
  const f = useFormat()
  const { can, me } = useSession()
  const places = usePlaces()
  const state = standing(p.person, p.state, ticks.waiting)
  const name = p.name || p.number || p.person
  const mine = ticks.has(p.person) || (p.by ?? '').startsWith(me.user.id)
  return (
    <li data-person={p.person}>
      <div className="roll-who">
        <b>{can('people:open') ? <Link to={`/people/${p.person}`}>{name}</Link> : name}</b>{' '}
        {p.others ? t('musters.others', { count: p.others }) + ' ' : ''}
        <Text span size="sm" c="dimmed">
          {p.class || (p.kind && t('personKind.' + p.kind))}
        </Text>{' '}
        <Tag tone={tones[state]}>{t('musterState.' + state)}</Tag>{' '}
        {ticks.has(p.person) && <Tag tone="orange">{t('roll.waits')}</Tag>}
        <Text size="sm" c="dimmed">
          {t('musters.' + p.where)}, {t('musterSureness.' + p.sure)}: {t('musterReason.' + p.why)}
          {p.zone && ` · ${places.zoneName(p.zone)}`}
          {p.seen_at && ` ${f.clock(p.seen_at, false)}`}
          {p.since && ` · ${t('musters.sinceThen')}`}
        </Text>
        {p.by && p.at && (
          <Text size="sm">
            {t('musters.tickedBy', { by: byName(p.by), time: f.clock(p.at, true) })}
            {p.missed && p.state !== 'missing'
              ? ' · ' + t('musters.missedBy', { by: byName(p.missed_by), time: f.clock(p.missed, true) })
              : ''}
          </Text>
        )}
      </div>
      {can('lockdown:raise') && (
        <Button.Group aria-label={t('roll.answer', { name })}>
          {words.map((w) => (
            <Button
              key={w}
              size="md"
              px="sm"
              variant={state === w ? 'filled' : 'default'}
              color={w === 'missing' ? 'red' : w === 'safe' ? 'green' : undefined}
              aria-pressed={state === w}
              onClick={() => ticks.tick(p.person, state === w && mine ? 'mistaken' : w)}>
              {t('musters.tick.' + w)}
            </Button>
          ))}
        </Button.Group>
      )}
    </li>
  )
}

function CloseDialog({ m, onClose }: { m: Muster; onClose: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const form = useForm('CloseMusterInput', { report: '' })
  const open = m.counts.missing + m.counts.waiting
  return (
    <FormDialog
      title={t('musters.closeTitle')}
      form={form}
      deed={t('musters.close')}
      onClose={onClose}
      save={async () => {
        await call(`/v1/musters/${m.id}/close`, {
          method: 'POST',
          body: form.v satisfies Sent<'CloseMusterInput'>,
        })
        await cache.invalidateQueries({ queryKey: ['musters'] })
      }}>
      {open > 0 && (
        <Text c="red" role="alert" data-testid="muster-still-open">
          {t('musters.stillOpen', { count: open, n: f.number(open) })}
        </Text>
      )}
      <Text size="sm">{t('musters.closeText')}</Text>
      <Textarea label={t('musters.report')} autosize minRows={3} {...form.text('report')} />
    </FormDialog>
  )
}
