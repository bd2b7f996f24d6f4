// Collecting: for the gate, whether a pupil may leave now and with whom, and who took them; for the
// office, who may collect them and until when.

import { Alert, Button, Checkbox, Group, SimpleGrid, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/client'
import type { AtGate, Sent } from '../api/types'
import { useT } from '../i18n'
import { instantIn, wallIn } from '../lib/format'
import { useFormat, useSession } from '../session'
import { useAddress, useOpen } from '../ui/address'
import { Ask } from '../ui/ask'
import { FormDialog, useForm } from '../ui/form'
import { Empty, Loaded, Page, Panel, Rows, saidError, Tag } from '../ui/kit'
import { PersonPicker } from '../ui/personpicker'

export function CollectPage() {
  const { t } = useT()
  const { get, put } = useAddress()
  const pupil = get('pupil')
  return (
    <Page title={t('nav.collect')} sub={t('collect.sub')}>
      <Stack>
        <Panel>
          <PersonPicker value={pupil} onChange={(id) => put('pupil', id)} label={t('collect.pupil')} />
        </Panel>
        {pupil ? (
          <Gate key={pupil} pupil={pupil} />
        ) : (
          <Empty title={t('collect.none')} hint={t('collect.noneHint')} />
        )}
      </Stack>
    </Page>
  )
}

function Gate({ pupil }: { pupil: string }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const cache = useQueryClient()
  const [strange, stranger, known] = useOpen('stranger')
  const [adding, add, added] = useOpen('new')
  const [ending, end, ended] = useOpen('end')
  const q = useQuery({
    queryKey: ['at-gate', pupil],
    queryFn: () => call(`/v1/people/${encodeURIComponent(pupil)}/at-gate`),
    staleTime: Infinity, // each look is in the audit log
  })
  const again = () => cache.invalidateQueries({ queryKey: ['at-gate'] })
  const give = async (to: Omit<Sent<'HandoverInput'>, 'pupil' | 'given'>) => {
    await call('/v1/handovers', { method: 'POST', body: { ...to, pupil, given: true } })
    await again()
  }
  const button = (to: Omit<Sent<'HandoverInput'>, 'pupil' | 'given'>) => (
    <Button size="compact-sm" variant="default" onClick={() => void give(to).catch((e) => saidError(e, t))}>
      {t('collect.give')}
    </Button>
  )
  const rows = (x: AtGate) => [
    ...x.guardians.map((n) => ({
      id: n.id,
      name: n.name,
      what: t('collect.guardian'),
      proof: '',
      until: '',
      now: true,
      to: { guardian: n.id },
      listed: false,
    })),
    ...x.collectors.map((c) => ({
      id: c.id,
      name: c.name,
      what: c.relation ?? '',
      proof: [c.phone, c.card].filter(Boolean).join(' · '),
      until: f.short(c.from) + ' – ' + f.short(c.to),
      now: c.now,
      to: { collector: c.id },
      listed: true,
    })),
  ]
  return (
    <Loaded q={q}>
      {(x) => (
        <>
          <Alert
            color={x.may_leave ? 'green' : 'orange'}
            title={[x.name, x.class].filter(Boolean).join(' · ')}>
            {x.may_leave && x.leave_from && x.leave_to
              ? t('collect.mayLeave', { from: f.short(x.leave_from), to: f.short(x.leave_to) })
              : t('collect.noLeave')}
          </Alert>
          <Panel
            flush
            title={t('collect.who')}
            actions={
              can('people:write') && (
                <Button size="compact-sm" variant="default" onClick={() => add('1')}>
                  {t('collect.add')}
                </Button>
              )
            }>
            <Rows
              label={t('collect.who')}
              rows={rows(x)}
              id={(r) => r.id}
              columns={[
                { key: 'name', label: t('collect.name'), main: true, cell: (r) => r.name },
                { key: 'what', label: t('collect.relation'), cell: (r) => r.what || '–' },
                { key: 'proof', label: t('collect.proof'), cell: (r) => r.proof || '–' },
                { key: 'until', label: t('collect.valid'), cell: (r) => r.until || '–' },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (r) => (
                    <Group gap={4} justify="flex-end">
                      {r.now ? button(r.to) : <Tag tone="orange">{t('collect.notNow')}</Tag>}
                      {r.listed && can('people:write') && (
                        <Button size="compact-sm" variant="default" onClick={() => end(r.id)}>
                          {t('collect.end')}
                        </Button>
                      )}
                    </Group>
                  ),
                },
              ]}
            />
          </Panel>
          <Group>
            <Button color="red" variant="outline" onClick={() => stranger('1')}>
              {t('collect.stranger')}
            </Button>
          </Group>
          {x.handovers.length > 0 && (
            <Panel title={t('collect.today')}>
              {x.handovers.map((h) => (
                <Text size="sm" key={h.id}>
                  {f.short(h.at)} · {h.name}
                  {h.stranger ? ` · ${t('collect.notListed')}` : ''} ·{' '}
                  {t(h.given ? 'collect.given' : 'collect.notGiven')}
                  {h.note ? ` · ${h.note}` : ''} · {h.by.split(' ').slice(1).join(' ') || h.by}
                </Text>
              ))}
            </Panel>
          )}
          {strange && <Stranger pupil={pupil} onDone={again} onClose={known} />}
          {adding && <Add pupil={pupil} onDone={again} onClose={added} />}
          <Ask
            opened={!!ending}
            onClose={ended}
            danger
            title={t('collect.endTitle')}
            deed={t('collect.end')}
            onDo={async () => {
              await call(`/v1/collectors/${encodeURIComponent(ending)}/end`, { method: 'POST' })
              await again()
            }}
          />
        </>
      )}
    </Loaded>
  )
}

function Stranger(p: { pupil: string; onDone: () => Promise<unknown>; onClose: () => void }) {
  const { t } = useT()
  const form = useForm('HandoverInput', { name: '', note: '', given: false })
  const { v, text, check } = form
  const save = async () => {
    const body = { pupil: p.pupil, name: v.name.trim(), note: v.note.trim(), given: v.given }
    await call('/v1/handovers', { method: 'POST', body: body satisfies Sent<'HandoverInput'> })
    await p.onDone()
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={p.onClose}
      danger
      deed={t('collect.tell')}
      ready={!!v.name.trim() && !!v.note.trim()}
      title={t('collect.stranger')}>
      <Text size="sm">{t('collect.strangerText')}</Text>
      <TextInput label={t('collect.name')} required data-autofocus {...text('name')} />
      <Textarea label={t('collect.note')} required autosize minRows={2} {...text('note')} />
      <Checkbox label={t('collect.anyway')} {...check('given')} />
    </FormDialog>
  )
}

function Add(p: { pupil: string; onDone: () => Promise<unknown>; onClose: () => void }) {
  const { t } = useT()
  const zone = useSession().school.timezone
  const form = useForm('CollectorInput', () => ({
    name: '',
    relation: '',
    phone: '',
    card: '',
    from: wallIn(zone, new Date().toISOString()),
    to: wallIn(zone, new Date(Date.now() + 365 * 24 * 3600_000).toISOString()),
  }))
  const { v, text } = form
  const save = async () => {
    const body = {
      pupil: p.pupil,
      name: v.name,
      relation: v.relation || undefined,
      phone: v.phone || undefined,
      card: v.card || undefined,
      from: instantIn(zone, v.from),
      to: instantIn(zone, v.to),
    } satisfies Sent<'CollectorInput'>
    await call('/v1/collectors', { method: 'POST', body })
    await p.onDone()
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={p.onClose}
      deed={t('collect.add')}
      ready={!!v.name.trim() && !!v.from && !!v.to}
      title={t('collect.add')}>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label={t('collect.name')} required data-autofocus {...text('name')} />
        <TextInput label={t('collect.relation')} {...text('relation')} />
        <TextInput label={t('visit.phone')} type="tel" description={t('collect.hidden')} {...text('phone')} />
        <TextInput label={t('barred.card')} description={t('collect.hidden')} {...text('card')} />
        <TextInput label={t('visit.from')} type="datetime-local" required {...text('from')} />
        <TextInput label={t('visit.to')} type="datetime-local" required {...text('to')} />
      </SimpleGrid>
    </FormDialog>
  )
}
