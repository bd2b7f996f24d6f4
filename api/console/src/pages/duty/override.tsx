// Somebody stands in for somebody: the form for a span of the week, and what stands in it already.

import { Button, Select, SimpleGrid, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import type { DutyPlan, OverrideMade, Sent } from '../../api/types'
import { useT } from '../../i18n'
import { instantIn, wallIn } from '../../lib/format'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { FormDialog, useForm } from '../../ui/form'
import { leaves, saidError } from '../../ui/kit'
import { Holes, hoursOf } from './holes'

export function OverrideDialog({ at, plan, onClose }: { at: string; plan: DutyPlan; onClose: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const { can, me, school } = useSession()
  const schoolID = useSchoolParam()
  const cache = useQueryClient()
  const [rotaID, from] = at.split(' ')
  const rota = plan.rotas.find((r) => r.rota === rotaID)
  const span = rota?.spans.find((s) => s.from === from)
  const z = school.timezone
  const staff = useQuery({
    queryKey: ['duty', 'staff', schoolID],
    queryFn: () => call('/v1/duty/staff', { query: { school: schoolID } }),
  })
  const [made, setMade] = useState<OverrideMade>()
  const all = can('settings:write')
  const mine = span?.people.some((p) => p.id === me.user?.id)
  const form = useForm('NewOverrideInput', () => ({
    from: wallIn(z, span?.from),
    to: wallIn(z, span?.to),
    for: (mine ? me.user?.id : span?.people[0]?.id) ?? '',
    who: mine ? '' : (me.user?.id ?? ''),
    reason: '',
  }))
  if (made && rota)
    return (
      <Holes
        title={f.local(rota.name, rota.name_zh)}
        holes={made.holes}
        total={made.holes.length}
        hours={hoursOf(made.holes)}
        until={made.to}
        onClose={onClose}
      />
    )
  if (!rota || !span) return null
  const { v, set, text } = form
  const people = (staff.data?.items ?? []).filter((m) => m.able)
  const names = new Map((staff.data?.items ?? []).map((m) => [m.id, m.name]))
  const again = () => cache.invalidateQueries({ queryKey: ['duty'] })
  const path = `/v1/rotas/${encodeURIComponent(rota.rota)}/overrides` as const
  const save = async () => {
    const body = {
      from: v.from === wallIn(z, span.from) ? span.from : instantIn(z, v.from),
      to: v.to === wallIn(z, span.to) ? span.to : instantIn(z, v.to),
      for: v.for || undefined,
      who: v.who || undefined,
      reason: v.reason || undefined,
    } satisfies Sent<'NewOverrideInput'>
    const kept = (await call(path, { method: 'POST', body })) as OverrideMade
    await again()
    if (!kept.holes.length) return
    setMade(kept)
    return leaves
  }
  const back = (id: string) =>
    call(`${path}/${encodeURIComponent(id)}`, { method: 'DELETE' })
      .then(async (x) => {
        const gone = x as OverrideMade
        await again()
        if (gone.holes.length) setMade(gone)
      })
      .catch((e: unknown) => saidError(e, t))
  const inside = rota.overrides.filter((o) => o.from < span.to && span.from < o.to)
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={onClose}
      deed={t('duty.swapSave')}
      ready={!!v.from && !!v.to && v.for !== v.who}
      title={t('duty.swap', { rota: f.local(rota.name, rota.name_zh) })}>
      <Select
        label={t('duty.instead')}
        placeholder={t('duty.inAddition')}
        clearable={all}
        value={v.for || null}
        error={form.said('for')}
        data={span.people.map((p) => ({ value: p.id, label: p.name }))}
        onChange={(x) => set({ for: x ?? '' })}
      />
      <Select
        label={t('duty.standIn')}
        placeholder={t('duty.nobody')}
        clearable
        searchable
        value={v.who || null}
        error={form.said('who')}
        data={people.map((p) => ({ value: p.id, label: p.name }))}
        onChange={(x) => set({ who: x ?? '' })}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
        <TextInput type="datetime-local" required label={t('duty.from')} {...text('from')} />
        <TextInput type="datetime-local" required label={t('duty.to')} {...text('to')} />
      </SimpleGrid>
      <TextInput label={t('duty.reason')} description={t('duty.reasonHint')} {...text('reason')} />
      {!all && <p className="duty-hint">{t('duty.ownOnly')}</p>}
      {inside.length > 0 && (
        <ul className="duty-swaps" aria-label={t('duty.swaps')}>
          {inside.map((o) => (
            <li key={o.id}>
              <span>
                {f.short(o.from)} – {f.short(o.to)}:{' '}
                {t('duty.swapped', {
                  for: o.for ? (names.get(o.for) ?? o.for) : t('duty.inAddition'),
                  who: o.who ? (names.get(o.who) ?? o.who) : t('duty.nobody'),
                })}
              </span>
              <Button size="compact-xs" variant="default" onClick={() => void back(o.id)}>
                {t('duty.takeBack')}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </FormDialog>
  )
}
