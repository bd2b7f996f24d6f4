// Why a rule fires or does not: where it holds now, and for one device each condition with what is
// known.

import { Alert, Button, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import type { Explained, Ground } from '../../api/types'
import { useT } from '../../i18n'
import { instantIn, wallIn } from '../../lib/format'
import { useFormat, useNow, useSession } from '../../session'
import { useAddress } from '../../ui/address'
import { Empty, Loaded, Panel, Rows, Tag, type Tone } from '../../ui/kit'
import { AlertTag, DeviceTag, SeverityTag, usePlaces } from '../../ui/states'
import { When } from '../../ui/when'
import { ExplainThenView } from './explainthen'
import { useDevices } from './known'

const tone: Record<string, Tone> = {
  firing: 'red',
  waiting: 'yellow',
  muted: 'violet',
  yes: 'green',
  no: 'gray',
  unknown: 'orange',
}

export function ExplainView({ id }: { id: string }) {
  const { t } = useT()
  const at = useAddress()
  const device = at.get('device')
  const room = at.get('room')
  const moment = at.get('at')
  const { school } = useSession()
  const places = usePlaces()
  const devices = useDevices()
  const q = useQuery({
    queryKey: ['rule', 'explain', id, device, room],
    queryFn: () =>
      call(`/v1/rules/${encodeURIComponent(id)}/explain`, {
        query: device ? { device } : { zone: room },
      }),
    refetchInterval: 5000,
    enabled: !moment,
  })
  const choose = (d: string) => at.change({ device: d, room: null })
  const of = (devices.data?.items ?? []).filter((d) => !room || d.zone === room)
  return (
    <Stack>
      <div className="rule-choose">
        <Select
          searchable
          clearable
          label={t('rules.whichRoom')}
          placeholder={t('rules.anyRoom')}
          value={room || null}
          onChange={(v) => at.change({ room: v, device: null })}
          data={places.options}
        />
        <Select
          searchable
          clearable
          label={t('rules.whichDevice')}
          placeholder={t('rules.anyDevice')}
          nothingFoundMessage={t('rules.noDevice')}
          value={device || null}
          limit={50}
          onChange={(v) => at.change({ device: v })}
          data={of.map((d) => ({ value: d.id, label: `${d.name} (${d.id})` }))}
        />
        <Moment
          key={moment}
          at={moment}
          zone={school.timezone}
          ready={!!(device || room)}
          onChange={(v) => at.change({ at: v })}
        />
      </div>
      {moment && (device || room) ? (
        <ExplainThenView
          key={[id, device, room, moment].join(' ')}
          id={id}
          device={device}
          room={room}
          at={moment}
          choose={choose}
        />
      ) : moment ? (
        <Text role="status">{t('rules.thenAbout')}</Text>
      ) : (
        <Loaded q={q}>{(x) => <Explanation x={x} choose={choose} />}</Loaded>
      )}
    </Stack>
  )
}

// The moment that is looked at, in the school's time; empty: now.
function Moment(p: { at: string; zone: string; ready: boolean; onChange: (at: string | null) => void }) {
  const { t } = useT()
  const [wall, setWall] = useState(wallIn(p.zone, p.at))
  const seconds = wallIn(p.zone, p.at) === wall ? p.at : instantIn(p.zone, wall)
  return (
    <form
      className="rule-moment"
      onSubmit={(e) => {
        e.preventDefault()
        p.onChange(seconds || null)
      }}>
      <TextInput
        type="datetime-local"
        label={t('rules.thenWhen')}
        description={p.ready ? undefined : t('rules.thenAbout')}
        value={wall}
        max={wallIn(p.zone, new Date().toISOString())}
        data-testid="then-moment"
        onChange={(e) => setWall(e.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={!wall || !p.ready} data-testid="then-look">
        {t('rules.look')}
      </Button>
      {p.at && (
        <Button variant="subtle" onClick={() => p.onChange(null)}>
          {t('rules.thenNow')}
        </Button>
      )}
    </form>
  )
}

/** What a rule makes of a device, or a room, now or at a moment of the past. */
export function Explanation(p: { x: Explained; choose: (device: string) => void; then?: string }) {
  const { x, choose, then } = p
  const { t } = useT()
  const f = useFormat()
  const name = (id?: string) => (id ? (x.names?.[id] ?? id) : '–')
  const at = f.moment(then, true)
  const w = x.why
  return (
    <Stack>
      {!x.in_force && <Alert color="yellow">{x.problem || t('rules.notInForce')}</Alert>}
      {w && (
        <Panel title={then ? t('rules.whyThen', { at }) : t('rules.whyNow')}>
          <p role="status">
            <Tag tone={tone[w.phase] ?? 'gray'}>{t('rules.phase.' + w.phase)}</Tag>{' '}
            {w.outside && t('rules.outsideOf', { list: w.outside })}
            {w.muted_by && t('rules.mutedBy', { rule: w.muted_by })}
            {w.since && (
              <>
                {t('rules.since')} <When at={w.since} seconds />{' '}
              </>
            )}
            {w.due && w.phase === 'waiting' && (
              <>
                · {t('rules.due')} <When at={w.due} seconds />
              </>
            )}
            {w.ending && (
              <>
                · {t('rules.ending')} <When at={w.ending} seconds />
              </>
            )}
          </p>
          {x.hiding.map((h) => (
            <p key={h.id}>
              <Tag tone="violet">{t('rules.hidden')}</Tag>{' '}
              {t('rules.hiddenBy', { reason: h.reason, name: h.by_name || '–' })}{' '}
              <When at={h.until} seconds />
            </p>
          ))}
          {w.moment && <p className="dim">{t('rules.momentHelp')}</p>}
          {w.when && (
            <ul className="rule-reasons">
              <Condition r={w.when} name={name} then={then} />
            </ul>
          )}
          {w.clear && (
            <>
              <p>{t('rules.endsWhen')}</p>
              <ul className="rule-reasons">
                <Condition r={w.clear} name={name} then={then} />
              </ul>
            </>
          )}
        </Panel>
      )}
      <Panel flush title={then ? t('rules.standingsThen', { at }) : t('rules.standings')}>
        {x.standings.length ? (
          <Rows
            label={t('rules.standings')}
            rows={x.standings}
            id={(s) => s.key}
            columns={[
              {
                key: 'where',
                label: t('rules.where'),
                main: true,
                cell: (s) => (
                  <button type="button" className="linkish" onClick={() => choose(s.device ?? '')}>
                    {name(s.key)}
                  </button>
                ),
              },
              {
                key: 'phase',
                label: t('rules.state'),
                cell: (s) => <Tag tone={tone[s.phase] ?? 'gray'}>{t('rules.phase.' + s.phase)}</Tag>,
              },
              { key: 'since', label: t('rules.since'), cell: (s) => <When at={s.since} seconds /> },
            ]}
          />
        ) : (
          <Empty title={t(then ? 'rules.nowhereThen' : 'rules.nowhere')} />
        )}
        {!!x.more && <p className="dim">{t('rules.moreFound', { count: x.more })}</p>}
      </Panel>
      {x.alerts.length > 0 && (
        <Panel flush title={t(then ? 'rules.alertsThen' : 'rules.newestAlerts')}>
          <Rows
            label={t('rules.newestAlerts')}
            rows={x.alerts}
            id={(a) => a.id}
            columns={[
              { key: 'at', label: t('rules.when'), main: true, cell: (a) => <When at={a.opened} seconds /> },
              { key: 'severity', label: t('rules.severity'), cell: (a) => <SeverityTag s={a.severity} /> },
              { key: 'device', label: t('rules.device'), cell: (a) => a.device_name || a.device || '–' },
              { key: 'state', label: t('rules.state'), cell: (a) => <AlertTag s={a.state} /> },
              {
                key: 'who',
                label: t('rules.who'),
                cell: (a) =>
                  a.state === 'resolved' && a.firing
                    ? t('rules.silencedBy', { name: a.resolver_name })
                    : a.resolver_name || a.handler_name || '–',
              },
            ]}
          />
        </Panel>
      )}
    </Stack>
  )
}

// How far a count is, or what is usual and for how long that is known.
function toldOf(r: Ground): string {
  if (r.kind !== 'baseline') return 'rules.counted'
  return (r.count ?? 0) < (r.need ?? 0) ? 'rules.tooLittleKnown' : 'rules.usually'
}

function Condition({ r, name, then }: { r: Ground; name: (id?: string) => string; then?: string }) {
  const { t } = useT()
  const f = useFormat()
  const now = useNow(5000)
  return (
    <li>
      <Tag tone={tone[r.holds] ?? 'gray'}>{t('rules.holdsWord.' + r.holds)}</Tag>{' '}
      {r.of?.length ? t('rules.kindWord.' + r.kind) : <code>{r.says}</code>}
      {!!r.need && ' ' + t(toldOf(r), { count: r.count ?? 0, need: r.need, usual: f.number(r.usual ?? 0) })}
      {r.seen?.map((s) => (
        <div key={s.device} className="rule-seen">
          {name(s.device)}:{' '}
          {s.missing ? (
            t('rules.neverSaid')
          ) : r.kind === 'status' ? (
            s.state ? (
              <DeviceTag s={s.state} />
            ) : (
              '–'
            )
          ) : (
            <>
              <strong>{f.value(s.value ?? null)}</strong>{' '}
              {s.at && (then ? f.short(s.at, true) : f.ago(s.at, now))} {s.old && t('rules.tooOld')}
            </>
          )}
        </div>
      ))}
      {!!r.more && <div className="dim">{t('rules.moreFound', { count: r.more })}</div>}
      {!!r.of?.length && (
        <ul>
          {r.of.map((x, i) => (
            <Condition key={i} r={x} name={name} then={then} />
          ))}
        </ul>
      )}
    </li>
  )
}
