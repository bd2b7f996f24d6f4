// The list of people. It needs no reason; opening one child's page does.

import { Button, Group, Progress, Select, Stack, Switch, Text, TextInput } from '@mantine/core'
import { IconFileImport, IconUserPlus } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from 'react-router'
import { call } from '../api/client'
import { personKinds, type PersonKind, type PersonRow, type Sent } from '../api/types'
import { useT } from '../i18n'
import { useSchoolParam, useSession } from '../session'
import { Empty, Page, Panel, Rows, Tag, leaves } from '../ui/kit'
import { useAddress, useOpen } from '../ui/address'
import { PagedList, usePaged } from '../ui/paged'
import { useRecorded } from './settings/recorded'
import { SearchField } from '../ui/searchfield'
import { FormDialog, useForm } from '../ui/form'

/** The classes of the selected school. */
export function useClasses() {
  const school = useSchoolParam()
  const { can } = useSession()
  const q = useQuery({
    queryKey: ['people', 'classes', school],
    queryFn: () => call('/v1/classes', { query: { school } }),
    enabled: can('people:read'),
  })
  return q.data?.items ?? []
}

export function PeoplePage() {
  const { t } = useT()
  const { can } = useSession()
  const school = useSchoolParam()
  const classes = useClasses()
  const { get, put } = useAddress()
  const [adding, add, added] = useOpen('add')
  const filter = {
    kind: get('kind'),
    class: get('class'),
    q: get('q'),
    left: get('left') === 'yes',
    photo: get('photo') === 'outdated' ? 'outdated' : '',
    school,
  } as const
  const sort = { by: get('sort'), to: (by: string | null) => put('sort', by) }
  const list = usePaged('people', '/v1/people', { ...filter, sort: sort.by })
  const filtered = !!(filter.kind || filter.class || filter.q || filter.left || filter.photo)
  const name = (p: PersonRow) => (can('people:open') ? <Link to={`/people/${p.id}`}>{p.name}</Link> : p.name)
  return (
    <Page
      title={t('nav.people')}
      sub={t('people.sub')}
      actions={
        can('people:write') && (
          <>
            <Button
              component={Link}
              to="/people/import"
              variant="default"
              leftSection={<IconFileImport size={16} />}>
              {t('people.import')}
            </Button>
            <Button leftSection={<IconUserPlus size={16} />} onClick={() => add('person')}>
              {t('people.add')}
            </Button>
          </>
        )
      }>
      <Panel flush label={t('nav.people')}>
        <div className="filters">
          <SearchField label={t('people.search')} />
          <Select
            clearable
            placeholder={t('people.anyKind')}
            aria-label={t('people.kind')}
            value={get('kind') || null}
            onChange={(v) => put('kind', v)}
            data={personKinds.map((k) => ({ value: k, label: t('personKind.' + k) }))}
          />
          <Select
            placeholder={t('people.there')}
            aria-label={t('people.leftOrThere')}
            value={get('left') || 'no'}
            allowDeselect={false}
            onChange={(v) => put('left', v === 'no' ? null : v)}
            data={[
              { value: 'no', label: t('people.there') },
              { value: 'yes', label: t('people.leftOnes') },
            ]}
          />
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
        {filter.photo && <PhotoProgress onClear={() => put('photo', null)} />}
        <PagedList
          list={list}
          empty={
            <Empty
              title={filtered ? t('people.none') : t('people.nobody')}
              hint={filtered ? t('people.noneHint') : t('people.nobodyHint')}>
              {!filtered && can('people:write') && (
                <Button mt="sm" component={Link} to="/people/import">
                  {t('people.import')}
                </Button>
              )}
            </Empty>
          }>
          {(rows) => (
            <Rows
              label={t('nav.people')}
              rows={rows}
              id={(p) => p.id}
              to={can('people:open') ? (p) => `/people/${p.id}` : undefined}
              sort={sort}
              columns={[
                { key: 'name', sort: 'name', label: t('people.name'), main: true, cell: name },
                { key: 'kind', label: t('people.kind'), cell: (p) => t('personKind.' + p.kind) },
                { key: 'class', sort: 'class', label: t('people.class'), cell: (p) => p.class || '–' },
                { key: 'number', sort: 'number', label: t('people.number'), cell: (p) => p.number || '–' },
                {
                  key: 'consent',
                  label: t('people.consent'),
                  cell: (p) =>
                    p.consent ? <Tag tone="green">{t('consent.given')}</Tag> : <Tag>{t('consent.none')}</Tag>,
                },
                {
                  key: 'face',
                  label: t('people.face'),
                  cell: (p) =>
                    filter.photo ? (
                      <Tag tone="orange">{t('people.oldPhoto')}</Tag>
                    ) : p.face ? (
                      <Tag tone="blue">{t('people.enrolled')}</Tag>
                    ) : (
                      '–'
                    ),
                },
                { key: 'cards', label: t('people.cards'), right: true, cell: (p) => p.cards || '–' },
              ]}
            />
          )}
        </PagedList>
      </Panel>
      {adding && can('people:write') && <AddPerson onClose={added} classes={classes} />}
    </Page>
  )
}

/** The progress of collecting photographs, above the list of people without one. */
function PhotoProgress({ onClear }: { onClear: () => void }) {
  const { t } = useT()
  const q = useRecorded()
  const done = q.data?.enrolled ?? 0
  const all = done + (q.data?.outdated ?? 0)
  return (
    <Stack gap={6} p="sm">
      <Group justify="space-between">
        <Text size="sm">{t('people.photoText', { done, all })}</Text>
        <Button size="xs" variant="default" onClick={onClear}>
          {t('people.everybody')}
        </Button>
      </Group>
      <Progress value={all ? (100 * done) / all : 0} aria-label={t('people.photoProgress')} />
    </Stack>
  )
}

function AddPerson({ onClose, classes }: { onClose: () => void; classes: string[] }) {
  const { t } = useT()
  const go = useNavigate()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const { can } = useSession()
  const form = useForm('PersonInput', {
    kind: 'student' as PersonKind,
    name: '',
    number: '',
    class: '',
    phone: '',
    boarder: false,
  })
  const { v, set, text, check } = form
  const save = async () => {
    const student = v.kind === 'student'
    const p = await call('/v1/people', {
      method: 'POST',
      body: {
        school,
        kind: v.kind,
        name: v.name.trim(),
        number: v.number.trim() || undefined,
        phone: v.phone.trim() || undefined,
        class: (student && v.class.trim()) || undefined,
        boarder: student && v.boarder,
      } satisfies Sent<'PersonInput'>,
    })
    void cache.invalidateQueries({ queryKey: ['people'] })
    if (!can('people:open')) return
    void go(`/people/${p.id}`, { replace: true, state: { reason: t('person.justAdded') } })
    return leaves
  }
  return (
    <FormDialog form={form} save={save} deed={t('people.add')} onClose={onClose} title={t('people.add')}>
      <Select
        label={t('people.kind')}
        allowDeselect={false}
        value={v.kind}
        onChange={(k) => k && set({ kind: k as PersonKind })}
        data={personKinds.map((k) => ({ value: k, label: t('personKind.' + k) }))}
      />
      <TextInput label={t('people.name')} required data-autofocus {...text('name')} />
      <TextInput label={t('people.number')} description={t('people.numberHelp')} {...text('number')} />
      {v.kind === 'student' && (
        <>
          <TextInput label={t('people.class')} list="classes" {...text('class')} />
          <datalist id="classes">
            {classes.map((c) => (
              <option key={c} value={c} />
            ))}
          </datalist>
          <Switch label={t('people.boarder')} {...check('boarder')} />
        </>
      )}
      <TextInput label={t('people.phone')} type="tel" {...text('phone')} />
    </FormDialog>
  )
}
