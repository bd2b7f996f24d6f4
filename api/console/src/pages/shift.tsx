// The hand-over at a change of shift: what is not over, who holds what, and words, signed by who
// hands over and by who takes over.

import { Button, Group, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from 'react-router'
import { ask, call } from '../api/client'
import type { ShiftNote, ShiftStanding } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useForm } from '../ui/form'
import { Empty, Loaded, Page, Panel, Tag, Trouble } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { SeverityTag } from '../ui/states'

export function ShiftPage() {
  const { t } = useT()
  const school = useSchoolParam()
  const { can, me } = useSession()
  const go = useNavigate()
  const cache = useQueryClient()
  const form = useForm('GiveShiftInput', { text: '' })
  const standing = useQuery({
    queryKey: ['alerts', 'standing', school],
    queryFn: ({ signal }) => call('/v1/standing', { query: { school }, signal }),
    refetchInterval: 30_000,
  })
  const list = usePaged('shift-notes', '/v1/shift-notes', { school }, { limit: 20 })
  const give = () =>
    form.run(async () => {
      const n = await ask<ShiftNote>('/v1/shift-notes', {
        method: 'POST',
        body: { school, text: form.v.text.trim() },
      })
      await cache.invalidateQueries({ queryKey: ['shift-notes'] })
      await go(`/shift/${n.id}`)
    })
  return (
    <Page title={t('shift.title')} sub={t('shift.sub')}>
      <div className="two">
        <Panel title={t('shift.now')}>
          <Loaded q={standing}>{(s) => <Standing s={s} />}</Loaded>
          {can('alerts:write') && (
            <form
              onSubmit={(e) => {
                e.preventDefault()
                void give()
              }}>
              <Textarea label={t('shift.text')} autosize minRows={3} mt="sm" {...form.text('text')} />
              {form.error !== undefined && <Trouble error={form.error} />}
              <Button type="submit" mt="sm" loading={form.busy}>
                {t('shift.give', { name: me.user.full_name || me.user.name })}
              </Button>
            </form>
          )}
        </Panel>
        <Panel title={t('shift.notes')}>
          <PagedList list={list} empty={<Empty title={t('shift.none')} />}>
            {(rows) => (
              <ul className="shift-notes">
                {rows.map((n) => (
                  <li key={n.id}>
                    <Link to={`/shift/${n.id}`}>
                      <Signed n={n} />
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </PagedList>
        </Panel>
      </div>
    </Page>
  )
}

function Signed({ n }: { n: ShiftNote }) {
  const { t } = useT()
  const f = useFormat()
  return (
    <>
      {t('shift.given', { by: n.given_by_name, at: f.moment(n.given) })}{' '}
      {n.taken ? (
        t('shift.taken', { by: n.taken_by_name ?? '', at: f.moment(n.taken) })
      ) : (
        <Tag tone="orange">{t('shift.waits')}</Tag>
      )}
    </>
  )
}

export function ShiftNotePage() {
  const { id = '' } = useParams()
  const { t } = useT()
  const q = useQuery({
    queryKey: ['shift-notes', id],
    queryFn: ({ signal }) => call(`/v1/shift-notes/${encodeURIComponent(id)}`, { signal }),
  })
  return (
    <Page
      title={t('shift.one')}
      sub={<Link to="/shift">{t('shift.title')}</Link>}
      actions={
        <Button size="xs" variant="default" onClick={() => window.print()}>
          {t('report.print')}
        </Button>
      }>
      <Loaded q={q}>
        {(n) => (
          <Panel>
            <Text fw={600} data-testid="signed">
              <Signed n={n} />
            </Text>
            {n.text && <p className="said">{n.text}</p>}
            {n.remark && <p className="said">{`${n.taken_by_name}: ${n.remark}`}</p>}
            <Standing s={n.standing} />
            <Take n={n} />
          </Panel>
        )}
      </Loaded>
    </Page>
  )
}

function Take({ n }: { n: ShiftNote }) {
  const { t } = useT()
  const { me, can } = useSession()
  const cache = useQueryClient()
  const form = useForm('TakeShiftInput', { remark: '' })
  if (n.taken || !can('alerts:write')) return null
  if (n.given_by === me.user.id) return <Text size="sm">{t('shift.other')}</Text>
  const take = () =>
    form.run(async () => {
      try {
        await ask(`/v1/shift-notes/${encodeURIComponent(n.id)}/take`, {
          method: 'POST',
          body: { version: n.version, remark: form.v.remark.trim() },
        })
      } finally {
        await cache.invalidateQueries({ queryKey: ['shift-notes'] })
      }
    })
  return (
    <form
      className="page-actions"
      onSubmit={(e) => {
        e.preventDefault()
        void take()
      }}>
      <Textarea label={t('shift.remark')} autosize mt="sm" {...form.text('remark')} />
      {form.error !== undefined && <Trouble error={form.error} />}
      <Button type="submit" mt="sm" loading={form.busy}>
        {t('shift.take', { name: me.user.full_name || me.user.name })}
      </Button>
    </form>
  )
}

function Standing({ s }: { s: ShiftStanding }) {
  const { t } = useT()
  const f = useFormat()
  const alerts = (what: 'open' | 'acknowledged' | 'silenced', all: ShiftStanding['open'], count: number) => (
    <section>
      <h3>{t('shift.' + what, { n: count })}</h3>
      <ul>
        {all.map((a) => (
          <li key={a.id}>
            <SeverityTag s={a.severity} /> {f.local(a.title, a.title_zh)}
            {` · ${[a.zone_name, a.device_name, f.moment(a.opened)].filter(Boolean).join(' · ')}`}
            {a.drill && ` · ${t('incident.drill')}`}
            {a.handler_name && ` · ${t('shift.has', { who: a.handler_name })}`}
            {a.assignee_name && ` · ${t('shift.shall', { who: a.assignee_name })}`}
            {a.comment && ` “${a.comment}”`}
          </li>
        ))}
      </ul>
      {count > all.length && <p className="dim">{t('shift.more', { n: count - all.length })}</p>}
    </section>
  )
  return (
    <div className="standing" data-testid="standing">
      <Text size="xs" c="dimmed">
        {t('shift.at', { at: f.moment(s.at) })}
      </Text>
      <section>
        <h3>{t('shift.incidents', { n: s.incident_count })}</h3>
        <ul>
          {s.incidents.map((i) => (
            <li key={i.id}>
              <SeverityTag s={i.severity} />{' '}
              <Link to={`/incidents/${i.id}`}>{f.local(i.title, i.title_zh)}</Link>
              {` · ${t('incidentState.' + i.state)} · ${t('incident.steps', { done: i.steps_done, all: i.steps })}`}
              {i.drill && ` · ${t('incident.drill')}`}
              {i.next && <div>{t('shift.next', { text: f.local(i.next, i.next_zh) })}</div>}
            </li>
          ))}
        </ul>
        {s.incident_count > s.incidents.length && (
          <p className="dim">{t('shift.more', { n: s.incident_count - s.incidents.length })}</p>
        )}
      </section>
      {alerts('open', s.open, s.open_count)}
      {alerts('acknowledged', s.acknowledged, s.acknowledged_count)}
      {alerts('silenced', s.silenced, s.silenced_count)}
      <section data-testid="standing-hidden">
        <h3>{t('shift.hidden', { n: s.hidden_count })}</h3>
        <ul>
          {s.hidden.map((x) => (
            <li key={x.id}>
              <Tag>{t('shift.kind.' + x.kind)}</Tag>{' '}
              {[f.local(x.title, x.title_zh), x.covers.join(', ') || (!x.title && t('shift.everything'))]
                .filter(Boolean)
                .join(' · ')}
              {' · '}
              {x.holds
                ? t('shift.until', { at: f.moment(x.until) })
                : t('shift.from', { at: f.moment(x.from) })}
              {x.by_name && ` · ${x.by_name}`}
              {x.hides > 0 && ` · ${t('shift.hides', { count: x.hides })}`}
              {x.reason && ` “${x.reason}”`}
            </li>
          ))}
        </ul>
        {s.hidden_count > s.hidden.length && (
          <p className="dim">{t('shift.more', { n: s.hidden_count - s.hidden.length })}</p>
        )}
      </section>
      {s.holders.length > 0 && (
        <section>
          <h3>{t('shift.holders')}</h3>
          <Group gap="xs">
            {s.holders.map((h) => (
              <Tag key={h.id}>{t('shift.holder', { name: h.name, has: h.handles, shall: h.assigned })}</Tag>
            ))}
          </Group>
        </section>
      )}
    </div>
  )
}
