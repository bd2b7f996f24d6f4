// Meals: how many eat and have eaten, by class, for the kitchen; who has not eaten yet; what needs a
// look; and what tills are told: which meals a class eats, what somebody must not eat.

import {
  Button,
  Checkbox,
  Group,
  Select,
  SimpleGrid,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import type { ClassMeals, Diet, MealCount, Sent } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useAddress, useOpen } from '../ui/address'
import { FormDialog, useForm } from '../ui/form'
import { Empty, Loaded, Page, Panel, Rows, Tag } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { PersonPicker } from '../ui/personpicker'
import { useClasses } from './people'

export function MealsPage() {
  const { t, lang } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const { can } = useSession()
  const { get, put } = useAddress()
  const date = get('date')
  const day = useQuery({
    queryKey: ['meals', school, date],
    queryFn: ({ signal }) => call('/v1/meals', { query: { school, date }, signal }),
    refetchInterval: 10_000,
  })
  const named = (m: MealCount) =>
    m.meal === '' ? t('meals.outside') : (lang.startsWith('zh') && m.meal_zh) || m.meal
  return (
    <Page title={t('nav.meals')} sub={t('meals.sub')}>
      <Group mb="sm">
        <TextInput
          type="date"
          label={t('meals.date')}
          value={date || day.data?.date || ''}
          onChange={(e) => put('date', e.currentTarget.value || null)}
        />
      </Group>
      <Loaded q={day}>
        {(d) => {
          const meal = d.meals.find((m) => m.meal === get('meal')) ?? d.meals[0]
          if (!meal) return <Empty title={t('meals.none')} hint={t('meals.noneHint')} />
          return (
            <>
              <div className="chips" role="group" aria-label={t('nav.meals')}>
                {d.meals.map((m) => (
                  <button
                    type="button"
                    key={m.meal}
                    className="chip"
                    aria-pressed={m.meal === meal.meal}
                    onClick={() => put('meal', m.meal)}>
                    <b>{named(m)}</b>{' '}
                    {m.start ? f.clock(m.start, false) + '–' + f.clock(m.end ?? m.start, false) : ''}{' '}
                    <Tag tone={m.eaten < m.expected - m.away ? 'orange' : 'green'}>
                      {t('meals.eatenOf', { n: m.eaten, of: m.expected })}
                    </Tag>
                  </button>
                ))}
              </div>
              <Counts meal={meal} />
              {can('people:read') && meal.start && <Waiting key={meal.meal} meal={meal.meal} date={d.date} />}
              {can('people:read') && <Exceptions meal={meal.meal} date={d.date} />}
            </>
          )
        }}
      </Loaded>
      <ClassRights />
      {can('people:write') && <Diets />}
    </Page>
  )
}

function Counts({ meal }: { meal: MealCount }) {
  const { t } = useT()
  const facts = (['expected', 'away', 'eaten', 'again', 'anyway', 'unknown', 'offline'] as const)
    .filter((x) => meal[x] > 0 || x === 'expected' || x === 'eaten')
    .map((x) => t('meals.figure.' + x, { n: meal[x] }))
  return (
    <Panel title={t('meals.byClass')}>
      <Text size="sm" mb="sm" data-testid="meal-figures">
        {facts.join(' · ')}
      </Text>
      <Rows
        label={t('meals.byClass')}
        rows={meal.classes ?? []}
        id={(c) => c.class || '-'}
        columns={[
          { key: 'class', label: t('people.class'), main: true, cell: (c) => c.class || t('meals.noClass') },
          { key: 'expected', label: t('meals.expected'), right: true, cell: (c) => c.expected },
          { key: 'away', label: t('meals.away'), right: true, cell: (c) => c.away || '' },
          { key: 'eaten', label: t('meals.eaten'), right: true, cell: (c) => c.eaten },
          {
            key: 'missing',
            label: t('meals.missing'),
            right: true,
            cell: (c) => Math.max(0, c.expected - c.away - c.eaten) || '',
          },
        ]}
      />
    </Panel>
  )
}

function Waiting({ meal, date }: { meal: string; date: string }) {
  const { t } = useT()
  const school = useSchoolParam()
  const classes = useClasses()
  const [of, setOf] = useState('')
  const list = usePaged(
    'meals',
    '/v1/meals/waiting',
    { school, date, meal, class: of },
    { every: 15_000, limit: 50, name: 'waiting' },
  )
  return (
    <Panel flush label={t('meals.waiting')} title={t('meals.waiting')}>
      <div className="filters">
        <Select
          clearable
          searchable
          placeholder={t('meals.anyClass')}
          aria-label={t('people.class')}
          value={of || null}
          onChange={(x) => setOf(x ?? '')}
          data={classes}
        />
      </div>
      <PagedList list={list} empty={<Empty title={t('meals.allEaten')} />}>
        {(rows) => (
          <Rows
            label={t('meals.waiting')}
            rows={rows}
            id={(r) => r.person ?? ''}
            columns={[
              { key: 'name', label: t('people.name'), main: true, cell: (r) => r.name },
              { key: 'class', label: t('people.class'), cell: (r) => r.class },
              { key: 'away', label: '', cell: (r) => r.away && <Tag>{t('meals.onLeave')}</Tag> },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

function Exceptions({ meal, date }: { meal: string; date: string }) {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const list = usePaged(
    'meals',
    '/v1/meals/exceptions',
    { school, date, meal },
    { every: 15_000, limit: 50, name: 'odd' },
  )
  return (
    <Panel flush label={t('meals.exceptions')} title={t('meals.exceptions')}>
      <PagedList list={list} empty={<Empty title={t('meals.noExceptions')} />}>
        {(rows) => (
          <Rows
            label={t('meals.exceptions')}
            rows={rows}
            id={(r) => r.at + r.device + (r.person ?? '')}
            columns={[
              { key: 'name', label: t('people.name'), main: true, cell: (r) => r.name ?? t('meals.unknown') },
              { key: 'class', label: t('people.class'), cell: (r) => r.class },
              { key: 'at', label: t('meals.at'), nowrap: true, cell: (r) => f.clock(r.at, false) },
              {
                key: 'again',
                label: '',
                cell: (r) => r.again && <Tag tone="orange">{t('meals.second')}</Tag>,
              },
              { key: 'why', label: t('meals.why'), cell: (r) => r.why },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

function ClassRights() {
  const { t } = useT()
  const school = useSchoolParam()
  const may = useSession().can('attendance:write')
  const [adding, add, added] = useOpen('class')
  const list = usePaged('class-meals', '/v1/meals/classes', { school }, { limit: 100, name: 'classes' })
  const one = list.q.data?.items.find((x) => x.class === adding)
  return (
    <Panel
      title={t('meals.classes')}
      actions={
        may && (
          <Button size="compact-sm" variant="default" onClick={() => add('+')}>
            {t('meals.addClass')}
          </Button>
        )
      }>
      <PagedList list={list} empty={<Text size="sm">{t('meals.everyClass')}</Text>}>
        {(rows) => (
          <Rows
            label={t('meals.classes')}
            rows={rows}
            id={(r) => r.class}
            columns={[
              { key: 'class', label: t('people.class'), main: true, cell: (r) => r.class },
              {
                key: 'meals',
                label: t('nav.meals'),
                cell: (r) => (r.meals ?? []).join(', ') || t('meals.noMeal'),
              },
              {
                key: 'do',
                label: '',
                right: true,
                cell: (r) =>
                  may && (
                    <Button size="compact-xs" variant="default" onClick={() => add(r.class)}>
                      {t('common.edit')}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </PagedList>
      {adding && may && <ClassDialog key={adding} had={one} school={school} onClose={added} />}
    </Panel>
  )
}

/** The meals of the day that is shown, to choose from; a further one can be typed. */
function useMealNames() {
  const school = useSchoolParam()
  const q = useQuery({
    queryKey: ['meals', school, ''],
    queryFn: ({ signal }) => call('/v1/meals', { query: { school, date: '' }, signal }),
  })
  return (q.data?.meals ?? []).map((m) => m.meal).filter(Boolean)
}

function ClassDialog(p: { had?: ClassMeals; school?: string; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const classes = useClasses()
  const names = useMealNames()
  const form = useForm('ClassMealsInput', () => ({
    class: p.had?.class ?? '',
    every: false,
    meals: p.had?.meals ?? [],
  }))
  const { v, set } = form
  const save = async () => {
    const body = { ...v, school: p.school || undefined } satisfies Sent<'ClassMealsInput'>
    await call('/v1/meals/classes', { method: 'PUT', body })
    await cache.invalidateQueries({ queryKey: ['class-meals'] })
    await cache.invalidateQueries({ queryKey: ['meals'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={p.onClose}
      deed={t('common.save')}
      ready={!!v.class}
      title={t('meals.classMeals')}>
      <Select
        label={t('people.class')}
        required
        searchable
        disabled={!!p.had}
        value={v.class || null}
        error={form.said('class')}
        onChange={(x) => set({ class: x ?? '' })}
        data={p.had ? [p.had.class] : classes}
      />
      <Checkbox
        mt="sm"
        label={t('meals.every')}
        checked={v.every}
        onChange={(e) => set({ every: e.currentTarget.checked })}
      />
      {!v.every && (
        <TagsInput
          mt="sm"
          label={t('nav.meals')}
          description={t('meals.mealsHint')}
          value={v.meals}
          error={form.said('meals')}
          onChange={(meals) => set({ meals })}
          data={names}
          maxTags={12}
        />
      )}
    </FormDialog>
  )
}

function Diets() {
  const { t } = useT()
  const school = useSchoolParam()
  const [shown, setShown] = useState(false)
  return (
    <Panel title={t('meals.diets')}>
      {shown ? (
        <DietList school={school} />
      ) : (
        <Group>
          <Text size="sm">{t('meals.dietsHint')}</Text>
          <Button size="compact-sm" variant="default" onClick={() => setShown(true)}>
            {t('meals.showDiets')}
          </Button>
        </Group>
      )}
    </Panel>
  )
}

function DietList({ school }: { school?: string }) {
  const { t } = useT()
  const [open, edit, close] = useOpen('diet')
  const list = usePaged('diets', '/v1/meals/diets', { school }, { limit: 100, name: 'diets' })
  const one = list.q.data?.items.find((x) => x.person === open)
  return (
    <>
      <Button size="compact-sm" mb="sm" onClick={() => edit('+')}>
        {t('meals.addDiet')}
      </Button>
      <PagedList list={list} empty={<Text size="sm">{t('meals.noDiets')}</Text>}>
        {(rows) => (
          <Rows
            label={t('meals.diets')}
            rows={rows}
            id={(r) => r.person}
            columns={[
              { key: 'name', label: t('people.name'), main: true, cell: (r) => r.name },
              { key: 'class', label: t('people.class'), cell: (r) => r.class },
              { key: 'note', label: t('meals.note'), cell: (r) => r.note },
              {
                key: 'meals',
                label: t('nav.meals'),
                cell: (r) => (r.own ? (r.meals ?? []).join(', ') || t('meals.noMeal') : ''),
              },
              {
                key: 'do',
                label: '',
                right: true,
                cell: (r) => (
                  <Button size="compact-xs" variant="default" onClick={() => edit(r.person)}>
                    {t('common.edit')}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </PagedList>
      {open && <DietDialog key={open} had={one} onClose={close} />}
    </>
  )
}

function DietDialog(p: { had?: Diet; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const names = useMealNames()
  const [person, setPerson] = useState(p.had?.person ?? '')
  const form = useForm('DietInput', () => ({
    note: p.had?.note ?? '',
    own: p.had?.own ?? false,
    meals: p.had?.meals ?? [],
  }))
  const { v, set, text } = form
  const save = async () => {
    await call(`/v1/people/${encodeURIComponent(person)}/diet`, {
      method: 'PUT',
      body: v satisfies Sent<'DietInput'>,
    })
    await cache.invalidateQueries({ queryKey: ['diets'] })
    await cache.invalidateQueries({ queryKey: ['meals'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={p.onClose}
      deed={t('common.save')}
      ready={!!person}
      title={p.had?.name ?? t('meals.addDiet')}>
      <SimpleGrid cols={1}>
        {!p.had && <PersonPicker value={person} onChange={setPerson} label={t('people.name')} />}
        <TextInput label={t('meals.note')} description={t('meals.noteHint')} {...text('note')} />
        <Switch
          label={t('meals.own')}
          checked={v.own}
          onChange={(e) => set({ own: e.currentTarget.checked })}
        />
        {v.own && (
          <TagsInput
            label={t('nav.meals')}
            description={t('meals.mealsHint')}
            value={v.meals}
            error={form.said('meals')}
            onChange={(meals) => set({ meals })}
            data={names}
            maxTags={12}
          />
        )}
      </SimpleGrid>
    </FormDialog>
  )
}
