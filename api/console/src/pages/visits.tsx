// Visitors: who is asked for, expected, on site and gone; registering somebody at the desk, who walks
// in or will come; the barred list and the public page.

import {
  Button,
  Checkbox,
  Group,
  MultiSelect,
  Select,
  SimpleGrid,
  Tabs,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { call } from '../api/client'
import { visitStates, type Sent, type Visit } from '../api/types'
import { useT } from '../i18n'
import { instantIn, wallIn } from '../lib/format'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useAddress, useOpen } from '../ui/address'
import { Ask } from '../ui/ask'
import { FormDialog, useForm } from '../ui/form'
import { Empty, Page, Panel, Rows, saidError, Tag } from '../ui/kit'
import { NumberField } from '../ui/numberfield'
import { PagedList, usePaged } from '../ui/paged'
import { usePlaces } from '../ui/states'
import { BarredList } from './barred'
import { VisitPageSettings } from './visitpage'

const tones = { asked: 'orange', expected: 'blue', refused: 'gray', on_site: 'green', gone: 'gray' } as const

/** Nobody was found by what was typed as host: the desk asks. */
const asks = (v: Visit) => v.state === 'asked' && !v.barred && !v.host_asked

export function VisitsPage() {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const school = useSchoolParam()
  const cache = useQueryClient()
  const { get, put } = useAddress()
  const [adding, add, added] = useOpen('new')
  const [refusedID, askRefuse, noRefuse] = useOpen('refuse')
  const state = get('state')
  const list = usePaged('visits', '/v1/visits', { state: state as '', school }, { limit: 50, every: 15_000 })
  const may = can('visits:write')
  const move = async (id: string, to: Sent<'VisitStateInput'>) => {
    await call(`/v1/visits/${encodeURIComponent(id)}/state`, { method: 'POST', body: to })
    await cache.invalidateQueries({ queryKey: ['visits'] })
  }
  const button = (v: Visit, to: 'expected' | 'on_site' | 'gone') => (
    <Button
      size="compact-xs"
      variant="default"
      onClick={() => void move(v.id, { state: to }).catch((e) => saidError(e, t))}>
      {t('visit.deed.' + to)}
    </Button>
  )
  return (
    <Page
      title={t('nav.visits')}
      sub={t('visit.sub')}
      actions={may && <Button onClick={() => add('1')}>{t('visit.register')}</Button>}>
      <Tabs
        value={get('tab') || 'list'}
        onChange={(x) => put('tab', x === 'list' ? null : x)}
        keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="list">{t('nav.visits')}</Tabs.Tab>
          <Tabs.Tab value="barred">{t('barred.title')}</Tabs.Tab>
          <Tabs.Tab value="public">{t('visitPage.title')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="barred">
          <BarredList />
        </Tabs.Panel>
        <Tabs.Panel value="public">
          <VisitPageSettings />
        </Tabs.Panel>
        <Tabs.Panel value="list">
          <Panel flush label={t('nav.visits')}>
            <div className="filters">
              <Select
                clearable
                placeholder={t('visit.any')}
                aria-label={t('visit.state')}
                value={state || null}
                onChange={(x) => put('state', x)}
                data={visitStates.map((s) => ({ value: s, label: t('visitState.' + s) }))}
              />
            </div>
            <PagedList list={list} empty={<Empty title={t('visit.none')} hint={t('visit.noneHint')} />}>
              {(rows) => (
                <Rows
                  label={t('nav.visits')}
                  rows={rows}
                  id={(v) => v.id}
                  columns={[
                    {
                      key: 'name',
                      label: t('visit.name'),
                      main: true,
                      cell: (v) =>
                        [v.name, v.company, v.plate, v.names?.join(', ')].filter(Boolean).join(' · '),
                    },
                    {
                      key: 'state',
                      label: t('visit.state'),
                      cell: (v) => (
                        <Group gap={4}>
                          <Tag tone={v.overdue ? 'red' : tones[v.state]}>
                            {v.overdue ? t('visit.overdue') : t('visitState.' + v.state)}
                          </Tag>
                          {v.barred && <Tag tone="red">{t('visit.barred')}</Tag>}
                        </Group>
                      ),
                    },
                    { key: 'group', label: t('visit.group'), cell: (v) => v.group },
                    {
                      key: 'host',
                      label: t('visit.host'),
                      cell: (v) => [v.host, asks(v) && t('visit.notAsked')].filter(Boolean).join(' · '),
                    },
                    { key: 'purpose', label: t('visit.purpose'), cell: (v) => v.reason || v.purpose },
                    { key: 'from', label: t('visit.from'), nowrap: true, cell: (v) => f.short(v.from) },
                    { key: 'to', label: t('visit.to'), nowrap: true, cell: (v) => f.short(v.to) },
                    {
                      key: 'do',
                      label: '',
                      right: true,
                      cell: (v) =>
                        may && (
                          <Group gap={4} justify="flex-end">
                            {v.state === 'asked' && !v.barred && button(v, 'expected')}
                            {v.state === 'expected' && !v.barred && button(v, 'on_site')}
                            {v.state === 'on_site' && button(v, 'gone')}
                            {(v.state === 'asked' || v.state === 'expected') && (
                              <Button size="compact-xs" variant="default" onClick={() => askRefuse(v.id)}>
                                {t('visit.deed.refused')}
                              </Button>
                            )}
                          </Group>
                        ),
                    },
                  ]}
                />
              )}
            </PagedList>
          </Panel>
        </Tabs.Panel>
      </Tabs>
      {adding && may && <Register school={school} onClose={added} />}
      <Ask
        opened={!!refusedID && may}
        onClose={noRefuse}
        danger
        title={t('visit.refuse')}
        deed={t('visit.deed.refused')}
        comment={{ label: t('visit.why'), required: true, most: 500 }}
        onDo={(reason) => move(refusedID, { state: 'refused', reason })}
      />
    </Page>
  )
}

function Register(p: { school?: string; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const zone = useSession().school.timezone
  const form = useForm('VisitInput', () => ({
    name: '',
    phone: '',
    company: '',
    plate: '',
    group: 1,
    host: '',
    purpose: '',
    names: '',
    card_number: '',
    places: '',
    zones: [] as string[],
    escort: false,
    walksIn: false,
    from: wallIn(zone, new Date().toISOString()),
    to: wallIn(zone, new Date(Date.now() + 2 * 3600_000).toISOString()),
  }))
  const { v, set, text, check } = form
  const places = usePlaces()
  const save = async () => {
    const { walksIn, names, ...typed } = v
    const body = {
      ...typed,
      names: names
        .split('\n')
        .map((n) => n.trim())
        .filter(Boolean),
      card_number: v.card_number || undefined,
      places: v.places || undefined,
      school: p.school || undefined,
      phone: v.phone || undefined,
      company: v.company || undefined,
      plate: v.plate || undefined,
      from: instantIn(zone, v.from),
      to: instantIn(zone, v.to),
    } satisfies Sent<'VisitInput'>
    const { id } = await call('/v1/visits', { method: 'POST', body })
    try {
      for (const state of walksIn ? (['expected', 'on_site'] as const) : []) {
        await call(`/v1/visits/${encodeURIComponent(id)}/state`, { method: 'POST', body: { state } })
      }
    } catch (e) {
      saidError(e, t) // it is registered; the list shows what holds it
    }
    await cache.invalidateQueries({ queryKey: ['visits'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={p.onClose}
      deed={t('visit.register')}
      ready={!!v.name.trim() && !!v.host.trim() && !!v.purpose.trim() && !!v.from && !!v.to}
      title={t('visit.register')}>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label={t('visit.name')} required data-autofocus {...text('name')} />
        <TextInput label={t('visit.host')} required {...text('host')} />
        <TextInput label={t('visit.purpose')} required {...text('purpose')} />
        <TextInput label={t('visit.phone')} type="tel" {...text('phone')} />
        <TextInput label={t('visit.company')} {...text('company')} />
        <TextInput label={t('visit.plate')} {...text('plate')} />
        <TextInput label={t('visit.from')} type="datetime-local" required {...text('from')} />
        <TextInput label={t('visit.to')} type="datetime-local" required {...text('to')} />
        <NumberField
          label={t('visit.group')}
          min={1}
          max={200}
          value={v.group}
          error={form.said('group')}
          onChange={(x) => set({ group: x })}
        />
        <TextInput label={t('barred.card')} description={t('visit.cardHint')} {...text('card_number')} />
        <TextInput label={t('visit.places')} {...text('places')} />
        <MultiSelect
          searchable
          clearable
          label={t('visit.zones')}
          description={t('visit.zonesHelp')}
          placeholder={v.zones.length ? undefined : t('visit.everywhere')}
          value={v.zones}
          data={places.options}
          onChange={(z) => set({ zones: z })}
        />
      </SimpleGrid>
      <Textarea label={t('visit.names')} autosize minRows={2} maxRows={6} {...text('names')} />
      <Checkbox label={t('visit.escort')} {...check('escort')} />
      <Checkbox label={t('visit.walksIn')} {...check('walksIn')} />
    </FormDialog>
  )
}
