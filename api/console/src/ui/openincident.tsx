// Opens an incident by hand: at a place, or for chosen alerts, with the procedure to follow.

import { Checkbox, Select, Text, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { ask, call } from '../api/client'
import { severities, type Incident, type Severity } from '../api/types'
import { useT } from '../i18n'
import { countOf, type Targets } from '../lib/walllines'
import { useFormat, useSchoolParam, useSession } from '../session'
import { allOf, type Gathered } from './alertbulk'
import { FormDialog, useForm } from './form'
import { leaves } from './kit'
import { usePlaces } from './states'

interface Props {
  alerts?: Targets
  where?: Gathered // as the wall was asked for them
  zone?: string
  onClose: () => void
  onOpened?: () => void
}

export function OpenIncident({ alerts = { alerts: [], groups: [] }, where = {}, ...p }: Props) {
  const { t } = useT()
  const f = useFormat()
  const { school: own } = useSession()
  const go = useNavigate()
  const cache = useQueryClient()
  const places = usePlaces()
  const chosen = [...alerts.alerts, ...alerts.groups.map((g) => g.alert)]
  const asked = useSchoolParam()
  const school = chosen[0]?.school ?? asked ?? own.id
  const drill = chosen.length > 0 && chosen.every((a) => a.drill)
  const form = useForm('OpenInput', {
    title: '',
    procedure: '',
    zone: p.zone ?? '',
    severity: '' as Severity | '',
    drill,
    comment: '',
  })
  const procedures = useQuery({
    queryKey: ['procedures', 'names', school],
    queryFn: () => call('/v1/procedures', { query: { school, limit: 1000 } }),
  })
  const n = countOf(alerts).all
  const save = async () => {
    const body = { ...form.v, title: form.v.title.trim(), comment: form.v.comment.trim(), school }
    const i = await ask<Incident>('/v1/incidents', {
      method: 'POST',
      body: {
        ...body,
        severity: body.severity || undefined,
        alerts: n > 0 ? await allOf(alerts, where) : undefined,
      },
    })
    for (const key of ['incidents', 'incident', 'alerts', 'alert'])
      await cache.invalidateQueries({ queryKey: [key] })
    p.onOpened?.()
    p.onClose()
    await go(`/incidents/${i.id}`)
    return leaves
  }
  return (
    <FormDialog
      form={form}
      onClose={p.onClose}
      title={t('incident.openTitle')}
      deed={t('incident.open')}
      ready={n > 0 || !!form.v.title.trim() || !!form.v.procedure}
      save={save}
      testid="open-now">
      {n > 0 && <Text size="sm">{t('incident.openWith', { count: n })}</Text>}
      <Select
        label={t('incident.openProcedure')}
        searchable
        clearable
        data={(procedures.data?.items ?? []).map((x) => ({
          value: x.id,
          label: f.local(x.title, x.title_zh),
        }))}
        value={form.v.procedure || null}
        error={form.said('procedure')}
        onChange={(procedure) => form.set({ procedure: procedure ?? '' })}
      />
      <TextInput
        label={t('incident.openWhat')}
        description={t('incident.openWhatHint')}
        {...form.text('title')}
      />
      <Select
        label={t('incident.openWhere')}
        searchable
        clearable
        data={places.options}
        value={form.v.zone || null}
        error={form.said('zone')}
        onChange={(zone) => form.set({ zone: zone ?? '' })}
      />
      <Select
        label={t('alerts.severity')}
        clearable
        placeholder={t(n > 0 ? 'incident.ofAlerts' : 'severity.major')}
        data={[...severities].reverse().map((s) => ({ value: s, label: t('severity.' + s) }))}
        value={form.v.severity || null}
        onChange={(s) => form.set({ severity: (s as Severity | null) ?? '' })}
      />
      <Checkbox label={t('incident.openDrill')} disabled={n > 0} {...form.check('drill')} />
      <Textarea label={t('incident.openComment')} autosize minRows={2} {...form.text('comment')} />
    </FormDialog>
  )
}
