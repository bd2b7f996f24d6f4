// The dialogs of incidents, for all pages; see those of alerts.

import { Alert as Notice, Radio, Select, Stack, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { APIError, ask, call } from '../api/client'
import { incidentOutcomes, type Incident } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { useAddress } from './address'
import { useSubject } from './dialog'
import { Ask } from './ask'
import { FormDialog, useForm } from './form'
import { holding } from './incidentcard'

export type IncidentDeed =
  'close' | 'approve' | 'refuse' | 'contain' | 'reopen' | 'note' | 'merge' | 'separate'

export function useIncidentDialog() {
  const { get, change } = useAddress()
  return {
    id: get('incident'),
    deed: get('do') as IncidentDeed | '',
    open: (id: string, deed: IncidentDeed) => change({ incident: id, do: deed }),
    close: () => change({ incident: null, do: null }, { replace: true }),
  }
}

export function IncidentDialogs() {
  const { t } = useT()
  const { can } = useSession()
  const cache = useQueryClient()
  const { id, deed, close } = useIncidentDialog()
  const path = `/v1/incidents/${encodeURIComponent(id)}` as const
  const q = useQuery({
    queryKey: ['incident', id],
    queryFn: () => call(path),
    enabled: id !== '' && can('alerts:read'),
    retry: false,
  })
  const lost = q.error instanceof APIError && q.error.status === 404
  const { subject: i, gone } = useSubject<Incident>(id, lost ? undefined : q.data)
  if (!i) return null
  const post = (what: string, body: Record<string, unknown>) => write(what, { version: i.version, ...body })
  const write = async (what: string, body: Record<string, unknown>) => {
    try {
      await ask(`${path}/${what}`, { method: 'POST', body })
    } finally {
      await Promise.all([
        cache.invalidateQueries({ queryKey: ['incidents'] }),
        cache.invalidateQueries({ queryKey: ['incident'] }),
      ])
    }
  }
  const open = (i.steps ?? []).filter((s) => !s.done && !s.skipped).length
  const decided = i.handover?.approval !== 'waiting'
  const common = { onClose: close, gone }
  return (
    <>
      {deed === 'close' && can('alerts:write') && (
        <CloseDialog
          key={i.id}
          i={i}
          late={i.state === 'closed'}
          open={open}
          gone={gone}
          onClose={close}
          onDo={(outcome, comment) => post('close', { outcome, comment })}
        />
      )}
      {deed === 'merge' && can('alerts:write') && (
        <MergeDialog
          key={i.id}
          i={i}
          gone={gone}
          onClose={close}
          onDo={(into, comment) => post('merge', { into, comment })}
        />
      )}
      {(['contain', 'reopen', 'separate'] as const).map((what) => (
        <Ask
          key={what}
          {...common}
          opened={deed === what && can('alerts:write')}
          title={t('incident.' + what)}
          deed={t('incident.' + what)}
          comment={{ label: t('incident.why') }}
          text={
            <>
              <About i={i} late={false} more={t('incident.' + what + 'Text')} />
              {what === 'contain' && <StillHolds id={i.id} />}
            </>
          }
          onDo={(comment) => post(what, { comment })}
        />
      ))}
      <Ask
        {...common}
        opened={deed === 'note' && can('alerts:write')}
        title={t('incident.note')}
        deed={t('incident.note')}
        comment={{ label: t('incident.noteText'), required: true }}
        text={<About i={i} late={false} more="" />}
        onDo={(comment) => write('notes', { comment })}
      />
      <Ask
        {...common}
        opened={deed === 'approve' && can('incidents:approve')}
        title={t('handover.approveTitle')}
        deed={t('handover.approve')}
        comment={{ label: t('handover.comment') }}
        text={
          <About
            i={i}
            late={decided}
            more={i.handover?.link === 'on' ? t('handover.approveText') : t('handover.approveOff')}
          />
        }
        onDo={(comment) => post('approval', { approve: true, comment })}
      />
      <Ask
        {...common}
        opened={deed === 'refuse' && can('incidents:approve')}
        title={t('handover.refuseTitle')}
        deed={t('handover.refuse')}
        comment={{ label: t('handover.comment'), required: true }}
        text={<About i={i} late={decided} more="" />}
        onDo={(comment) => post('approval', { approve: false, comment })}
      />
    </>
  )
}

interface CloseProps {
  i: Incident
  late: boolean
  open: number
  gone: boolean
  onClose: () => void
  onDo: (outcome: string, comment: string) => Promise<unknown>
}

const endings = incidentOutcomes.filter((o) => o !== 'merged')

function CloseDialog(p: CloseProps) {
  const { t } = useT()
  const form = useForm('CloseIncidentInput', { outcome: p.i.drill ? 'drill' : '', comment: '' })
  return (
    <FormDialog
      form={form}
      gone={p.gone}
      onClose={p.onClose}
      title={t('incident.closeTitle')}
      deed={t('incident.close')}
      ready={!!form.v.outcome && !!form.v.comment.trim()}
      save={() => p.onDo(form.v.outcome, form.v.comment.trim())}
      testid="do">
      <About i={p.i} late={p.late} more={p.open > 0 ? t('incident.closeEarly', { n: p.open }) : ''} />
      <StillHolds id={p.i.id} />
      <Radio.Group
        label={t('incident.outcome')}
        required
        value={form.v.outcome}
        onChange={(outcome) => form.set({ outcome })}>
        <Stack gap={4} mt={4}>
          {(p.i.drill ? (['drill'] as const) : endings).map((o) => (
            <Radio key={o} value={o} label={t('outcome.' + o)} />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea label={t('incident.closeComment')} required autosize minRows={3} {...form.text('comment')} />
    </FormDialog>
  )
}

interface MergeProps {
  i: Incident
  gone: boolean
  onClose: () => void
  onDo: (into: string, comment: string) => Promise<unknown>
}

function MergeDialog(p: MergeProps) {
  const { t } = useT()
  const f = useFormat()
  const form = useForm('MergeInput', { into: '', comment: '' })
  const others = useQuery({
    queryKey: ['incidents', 'to merge', p.i.school],
    queryFn: () =>
      call('/v1/incidents', { query: { state: 'open,contained', school: p.i.school, limit: 100 } }),
  })
  const data = (others.data?.items ?? [])
    .filter((x) => x.id !== p.i.id && !!x.drill === !!p.i.drill)
    .map((x) => ({
      value: x.id,
      label: [f.local(x.title, x.title_zh), x.where.map((w) => w.zone_name).join(', '), f.clock(x.opened)]
        .filter(Boolean)
        .join(' · '),
    }))
  return (
    <FormDialog
      form={form}
      gone={p.gone}
      onClose={p.onClose}
      title={t('incident.merge')}
      deed={t('incident.merge')}
      ready={!!form.v.into}
      save={() => p.onDo(form.v.into, form.v.comment.trim())}
      testid="do">
      <About i={p.i} late={false} more={t('incident.mergeText')} />
      <Select
        label={t('incident.mergeInto')}
        required
        data={data}
        value={form.v.into || null}
        onChange={(into) => form.set({ into: into ?? '' })}
        nothingFoundMessage={t('incident.none.open')}
      />
      <Textarea label={t('incident.why')} autosize {...form.text('comment')} />
    </FormDialog>
  )
}

/** That alerts of it still fire, and where. */
function StillHolds({ id }: { id: string }) {
  const { t } = useT()
  const q = useQuery({
    queryKey: ['incident', id],
    queryFn: () => call(`/v1/incidents/${encodeURIComponent(id)}`),
  })
  const where = holding(q.data?.where ?? [])
  if (!where) return null
  return (
    <Notice color="red" variant="light" role="alert" mt="xs" data-testid="still-holds">
      {t('incident.stillHolds', { where })}
    </Notice>
  )
}

/** The incident, and whether a colleague was quicker. */
function About({ i, late, more }: { i: Incident; late: boolean; more: string }) {
  const { t } = useT()
  const f = useFormat()
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {f.local(i.title, i.title_zh)}
      </Text>
      {late && (
        <Notice color="orange" variant="light" role="alert" data-testid="changed">
          {t('incident.meanwhile')}
        </Notice>
      )}
      {more && <Text size="sm">{more}</Text>}
    </Stack>
  )
}
