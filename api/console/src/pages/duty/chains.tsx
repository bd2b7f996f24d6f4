// Escalation chains as sentences, and their form.

import { Anchor, Button, Group, MultiSelect, Stack, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { change, remove } from '../../api/change'
import {
  severities,
  type Channel,
  type Escalation,
  type EscalationStep,
  type Lack,
  type Member,
  type Places,
  type Rota,
  type Sent,
} from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { useOpen } from '../../ui/address'
import { Ask } from '../../ui/ask'
import { FormDialog, useForm } from '../../ui/form'
import { Empty, leaves, Loaded, Panel, Tag } from '../../ui/kit'
import { Lacking, Lacks } from './lacks'
import { Parts } from './parts'
import { triesSaid } from './tries'
import { TryList } from './trylist'
import { NoLinks } from '../../ui/nolinks'
import { NumberField } from '../../ui/numberfield'

interface Known {
  rotas: Rota[]
  staff: Member[]
  robots: Channel[] // that are recipients by themselves
  places?: Places
}

export function Chains({ rotas }: { rotas: Rota[] }) {
  const { t } = useT()
  const { can, school } = useSession()
  const schoolID = useSchoolParam()
  const [id, open, close] = useOpen('chain')
  const q = useQuery({
    queryKey: ['escalations', schoolID],
    queryFn: () => call('/v1/escalations', { query: { school: schoolID } }),
  })
  const staff = useQuery({
    queryKey: ['duty', 'staff', schoolID],
    queryFn: () => call('/v1/duty/staff', { query: { school: schoolID } }),
  })
  const places = useQuery({
    queryKey: ['places', school.id],
    queryFn: () => call('/v1/places', { query: { school: school.id } }),
  })
  const channels = useQuery({
    queryKey: ['channels', schoolID],
    queryFn: () => call('/v1/channels', { query: { school: schoolID } }),
    enabled: can('messages:send'),
  })
  const known = {
    rotas,
    robots: (channels.data?.items ?? []).filter((c) => c.way === 'chat'),
    staff: (staff.data?.items ?? []) as Member[],
    places: places.data as Places | undefined,
  }
  const may = can('settings:write')
  const edited = q.data?.items?.find((c) => c.id === id)
  return (
    <>
      <NoLinks />
      <Panel
        title={t('duty.chains')}
        actions={
          may && (
            <Button size="xs" onClick={() => open('new')}>
              {t('duty.addChain')}
            </Button>
          )
        }>
        <Loaded q={q}>
          {(d) =>
            d.items?.length ? (
              <div className="duty-chains">
                {d.items.map((c) => (
                  <Chain key={c.id} c={c} known={known} onEdit={may ? () => open(c.id) : undefined} />
                ))}
              </div>
            ) : (
              <Empty title={t('duty.noChains')} hint={t('duty.noChainsHint')} />
            )
          }
        </Loaded>
        {id === 'new' && may && <ChainDialog known={known} onClose={close} />}
        {edited && may && <ChainDialog key={edited.id} c={edited} known={known} onClose={close} />}
      </Panel>
    </>
  )
}

function useWho(known: Known) {
  const { t } = useT()
  const f = useFormat()
  return (s: EscalationStep) =>
    [
      ...(s.rotas ?? []).map((id) => {
        const r = known.rotas.find((x) => x.id === id)
        return t('duty.onDutyIn', { rota: r ? f.local(r.name, r.name_zh) : id })
      }),
      ...(s.users ?? []).map((id) => known.staff.find((m) => m.id === id)?.name ?? id),
      ...(s.roles ?? []).map((r) => t('duty.allOf', { role: t('role.' + r) })),
      ...(s.channels ?? []).map((id) => known.robots.find((c) => c.id === id)?.name ?? t('duty.robot')),
    ].join(', ')
}

function Chain({ c, known, onEdit }: { c: Escalation; known: Known; onEdit?: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const who = useWho(known)
  const name = (id: string, all?: { id: string; name: string }[] | null) =>
    all?.find((x) => x.id === id)?.name ?? id
  const where = [
    ...(c.buildings ?? []).map((b) => name(b, known.places?.buildings)),
    ...(c.zones ?? []).map((z) => name(z, known.places?.zones)),
  ]
  return (
    <section aria-label={f.local(c.name, c.name_zh)}>
      <h3>
        {onEdit ? (
          <Anchor component="button" onClick={onEdit}>
            {f.local(c.name, c.name_zh)}
          </Anchor>
        ) : (
          f.local(c.name, c.name_zh)
        )}{' '}
        {c.disabled && <Tag>{t('duty.off')}</Tag>}
      </h3>
      <p className="duty-hint">
        {(c.severities ?? []).map((s) => t('severity.' + s)).join(', ') || t('duty.allSeverities')} ·{' '}
        {where.join(', ') || t('duty.everywhere')}
      </p>
      <ol className="duty-steps">
        {(c.steps ?? []).map((s, i) => (
          <li key={i}>
            <b>
              {s.after_minutes
                ? t(i ? 'duty.afterThat' : 'duty.afterOpen', { n: s.after_minutes })
                : t(i ? 'duty.andAtOnce' : 'duty.atOnce')}
            </b>{' '}
            {who(s)}
            <Lacking lacks={c.lacks.filter((x) => x.step === i)} known={known.robots} />
            {s.tries?.length ? <div className="duty-hint">{triesSaid(t, s.tries)}</div> : null}
          </li>
        ))}
        <li>
          <b>{t('duty.afterThat', { n: c.wait_minutes })}</b>{' '}
          {c.repeat ? t('duty.repeats', { n: c.repeat }) : t('duty.head')}
        </li>
      </ol>
    </section>
  )
}

function ChainDialog({ c, known, onClose }: { c?: Escalation; known: Known; onClose: () => void }) {
  const { t } = useT()
  const schoolID = useSchoolParam()
  const cache = useQueryClient()
  const [gone, setGone] = useState(false)
  const [saved, setSaved] = useState<Escalation>()
  const form = useForm(
    'EscalationInput',
    () => ({
      name: c?.name ?? '',
      name_zh: c?.name_zh ?? '',
      severities: c ? (c.severities ?? []) : (['critical', 'major'] as NonNullable<Escalation['severities']>),
      buildings: c?.buildings ?? [],
      zones: c?.zones ?? [],
      steps: c?.steps ?? ([{ after_minutes: 0 }] as EscalationStep[]),
      wait_minutes: c?.wait_minutes ?? 5,
      repeat: c?.repeat ?? 0,
      disabled: c?.disabled ?? false,
    }),
    { ...c },
  )
  const { v, set, text } = form
  const again = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: ['escalations'] }),
      cache.invalidateQueries({ queryKey: ['duty'] }),
    ])
  const save = async () => {
    let kept: Escalation | undefined
    if (c) {
      const at = `/v1/escalations/${encodeURIComponent(c.id)}`
      kept = await change<Escalation>(at, form.base, { ...v })
    } else {
      const body = {
        school: schoolID,
        ...v,
        name_zh: v.name_zh || undefined,
      } satisfies Sent<'EscalationInput'>
      kept = await call('/v1/escalations', { method: 'POST', body })
    }
    await again()
    if (!kept?.lacks.length || kept.disabled) return
    setSaved(kept)
    return leaves
  }
  if (saved) return <Lacks chain={saved} known={known.robots} onClose={onClose} />
  return (
    <>
      <FormDialog
        form={form}
        save={save}
        onClose={onClose}
        size="lg"
        title={c ? t('duty.editChain') : t('duty.addChain')}
        other={c && { deed: t('common.delete'), run: async () => (setGone(true), leaves) }}
        subject={c && { ...c }}>
        <Group grow>
          <TextInput required label={t('duty.name')} {...text('name')} />
          <TextInput label={t('duty.nameZH')} {...text('name_zh')} />
        </Group>
        <MultiSelect
          label={t('duty.severities')}
          placeholder={v.severities.length ? undefined : t('duty.allSeverities')}
          value={v.severities}
          data={severities.map((s) => ({ value: s, label: t('severity.' + s) }))}
          onChange={(s) => set({ severities: s as typeof v.severities })}
        />
        <Group grow>
          <MultiSelect
            searchable
            label={t('duty.buildings')}
            placeholder={v.buildings.length + v.zones.length ? undefined : t('duty.everywhere')}
            value={v.buildings}
            data={(known.places?.buildings ?? []).map((b) => ({ value: b.id, label: b.name }))}
            onChange={(buildings) => set({ buildings })}
          />
          <MultiSelect
            searchable
            label={t('duty.zones')}
            value={v.zones}
            data={(known.places?.zones ?? []).map((z) => ({ value: z.id, label: z.name }))}
            onChange={(zones) => set({ zones })}
          />
        </Group>
        <Parts
          all={v.steps}
          name={(n) => t('duty.step', { n })}
          add={t('duty.addStep')}
          fresh={(): EscalationStep => ({ after_minutes: 3 })}
          onChange={(steps) => set({ steps })}>
          {(s, n, put) => (
            <Step s={s} n={n} known={known} lacks={c?.lacks ?? []} said={form.said} onChange={put} />
          )}
        </Parts>
        <Group grow>
          <NumberField
            label={t('duty.wait')}
            min={1}
            max={1440}
            value={v.wait_minutes}
            error={form.said('wait_minutes')}
            onChange={(n) => set({ wait_minutes: n })}
          />
          <NumberField
            label={t('duty.repeat')}
            min={0}
            max={10}
            value={v.repeat}
            error={form.said('repeat')}
            onChange={(n) => set({ repeat: n })}
          />
        </Group>
        <Switch label={t('duty.off')} {...form.check('disabled')} />
      </FormDialog>
      <Ask
        opened={gone}
        onClose={() => setGone(false)}
        danger
        title={t('duty.deleteChain')}
        text={t('duty.deleteChainText', { name: c?.name ?? '' })}
        deed={t('common.delete')}
        onDo={async () => {
          await remove(`/v1/escalations/${encodeURIComponent(c!.id)}`, c!)
          await again()
          onClose()
        }}
      />
    </>
  )
}

interface StepProps {
  s: EscalationStep
  n: number
  known: Known
  lacks: Lack[] // of the chain as it was saved last
  said: (field: string) => string | undefined
  onChange: (s: Partial<EscalationStep>) => void
}

const wayIn = (s: EscalationStep, way: string) => (s.tries ?? []).some((x) => x.ways?.some((w) => w === way))

const callable = ['security', 'facility', 'admin', 'district_admin'] as const

function Step({ s, n, known, lacks, said, onChange }: StepProps) {
  const { t } = useT()
  const f = useFormat()
  const gone = (s.channels ?? []).filter((id) => !known.robots.some((c) => c.id === id))
  // of what is still in the form
  const mine = lacks.filter(
    (x) =>
      x.step === n &&
      (x.channel ? s.channels?.includes(x.channel) : x.way ? wayIn(s, x.way) : !s.tries?.length),
  )
  return (
    <Stack gap={6}>
      <NumberField
        label={t(n ? 'duty.afterStep' : 'duty.afterAlert')}
        min={0}
        max={1440}
        value={s.after_minutes}
        error={said(`steps[${n}].after_minutes`)}
        onChange={(x) => onChange({ after_minutes: x })}
      />
      <MultiSelect
        label={t('duty.rotas')}
        value={s.rotas ?? []}
        error={said(`steps[${n}]`)}
        data={known.rotas.map((r) => ({ value: r.id, label: f.local(r.name, r.name_zh) }))}
        onChange={(rotas) => onChange({ rotas })}
      />
      <MultiSelect
        searchable
        label={t('duty.people')}
        value={s.users ?? []}
        error={said(`steps[${n}].users`)}
        data={known.staff
          .filter((m) => m.able || s.users?.includes(m.id))
          .map((m) => ({ value: m.id, label: m.name }))}
        onChange={(users) => onChange({ users })}
      />
      <MultiSelect
        label={t('duty.roles')}
        value={s.roles ?? []}
        data={callable.map((r) => ({ value: r, label: t('role.' + r) }))}
        onChange={(roles) => onChange({ roles: roles as NonNullable<EscalationStep['roles']> })}
      />
      <MultiSelect
        label={t('duty.channels')}
        placeholder={known.robots.length ? undefined : t('duty.noRobots')}
        value={s.channels ?? []}
        error={said(`steps[${n}].channels`)}
        data={[
          ...known.robots.map((c) => ({
            value: c.id,
            label: c.disabled ? t('duty.robotOff', { name: c.name }) : c.name,
          })),
          ...gone.map((id) => ({ value: id, label: t('duty.robot') })),
        ]}
        onChange={(channels) => onChange({ channels })}
      />
      <Lacking lacks={mine} known={known.robots} />
      <TryList
        tries={s.tries ?? []}
        said={(field) => said(`steps[${n}].tries${field}`)}
        onChange={(tries) => onChange({ tries: tries.length ? tries : undefined })}
      />
    </Stack>
  )
}
