// Musters: everybody in the school, or in a building, is looked for. Start one, and read what the
// former ones found.

import { Checkbox, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { call } from '../../api/client'
import type { Muster, Sent } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { HoldButton } from '../../ui/holdbutton'
import { Empty, Page, Panel, Rows, Tag, Trouble, useDeed } from '../../ui/kit'
import { PagedList, usePaged } from '../../ui/paged'
import { usePlaces } from '../../ui/states'
import { byName, DrillTag } from './parts'

export function MustersPage() {
  const { t } = useT()
  const { can } = useSession()
  return (
    <Page title={t('nav.musters')} sub={t('musters.sub')}>
      {can('lockdown:raise') && <Start />}
      <Past />
    </Page>
  )
}

/** A drill is what is chosen by a tick of its own: the real thing needs none. */
function Start() {
  const { t } = useT()
  const school = useSchoolParam()
  const places = usePlaces()
  const cache = useQueryClient()
  const go = useNavigate()
  const deed = useDeed()
  const [drill, setDrill] = useState(false)
  const [building, setBuilding] = useState('')
  const [place, setPlace] = useState('')
  const start = () =>
    void deed.run(async () => {
      const x = await call('/v1/musters', {
        method: 'POST',
        body: { school, drill, building, place } satisfies Sent<'MusterInput'>,
      })
      await cache.invalidateQueries({ queryKey: ['musters'] })
      void go(`/musters/${x.id}`)
    })
  return (
    <Panel title={t('musters.start')}>
      <Stack gap="sm">
        {deed.error ? <Trouble error={deed.error} /> : null}
        <Group grow align="end">
          <Select
            clearable
            label={t('musters.building')}
            placeholder={t('musters.wholeSchool')}
            value={building || null}
            onChange={(v) => setBuilding(v ?? '')}
            data={places.buildings.map((b) => ({ value: b.id, label: b.name }))}
          />
          <TextInput
            label={t('musters.place')}
            placeholder={t('musters.placeHint')}
            value={place}
            maxLength={100}
            onChange={(e) => setPlace(e.currentTarget.value)}
          />
        </Group>
        <Checkbox
          label={t('musters.isDrill')}
          checked={drill}
          onChange={(e) => setDrill(e.currentTarget.checked)}
          data-testid="muster-drill"
        />
        <HoldButton
          size="lg"
          fullWidth
          color={drill ? 'blue' : 'red'}
          loading={deed.busy}
          testid="muster-start"
          onHeld={start}>
          {t(drill ? 'musters.startDrill' : 'musters.startReal')}
        </HoldButton>
        <Text size="sm" c="dimmed">
          {t('musters.who')}
        </Text>
      </Stack>
    </Panel>
  )
}

function Past() {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const places = usePlaces()
  const list = usePaged('musters', '/v1/musters', { school }, { every: 15_000, limit: 25 })
  const where = (m: Muster) =>
    m.building
      ? (places.buildings.find((b) => b.id === m.building)?.name ?? m.building)
      : t('musters.wholeSchool')
  return (
    <Panel flush title={t('musters.past')} label={t('musters.past')}>
      <PagedList list={list} empty={<Empty title={t('musters.none')} hint={t('musters.noneHint')} />}>
        {(rows) => (
          <Rows
            label={t('musters.past')}
            rows={rows}
            id={(m) => m.id}
            columns={[
              {
                key: 'when',
                label: t('musters.when'),
                main: true,
                cell: (m) => <Link to={`/musters/${m.id}`}>{f.moment(m.started, false)}</Link>,
              },
              {
                key: 'what',
                label: t('musters.what'),
                cell: (m) => (
                  <Group gap={6}>
                    <DrillTag m={m} />
                    {m.closed ? (
                      <Tag tone="gray">{t('musters.closed')}</Tag>
                    ) : (
                      <Tag tone="orange">{t('musters.open')}</Tag>
                    )}
                  </Group>
                ),
              },
              { key: 'where', label: t('musters.building'), cell: where },
              {
                key: 'found',
                label: t('musters.found'),
                cell: (m) =>
                  m.closed
                    ? t('musters.foundOf', {
                        n: f.number(m.counts.sought - m.counts.missing - m.counts.waiting),
                        of: f.number(m.counts.sought),
                      })
                    : '–',
              },
              { key: 'by', label: t('musters.by'), cell: (m) => byName(m.by) },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}
