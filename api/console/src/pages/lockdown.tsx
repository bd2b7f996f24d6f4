// Raising the threat level, what stands, what devices did, and what happened before.

import { Button, Checkbox, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import type { Lockdown, ThreatLevel } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam, useSession } from '../session'
import { CommandTag } from '../ui/commands'
import { HoldButton } from '../ui/holdbutton'
import { Empty, Loaded, Page, Panel, Rows, Tag, Trouble, useDeed } from '../ui/kit'
import { LevelDialog } from '../ui/leveldialog'
import { LevelGist, LevelPreviewDialog, useDoorWords } from '../ui/levelpreview'
import { ClearCodes, renewLockdowns, useStanding } from '../ui/lockdown'
import { PagedList, usePaged } from '../ui/paged'
import { usePlaces } from '../ui/states'
import { When } from '../ui/when'

export function LockdownPage() {
  const { t } = useT()
  const { can, me } = useSession()
  const school = useSchoolParam()
  const levels = useQuery({
    queryKey: ['lockdown', 'levels', school],
    queryFn: ({ signal }) => call('/v1/threat-levels', { query: { school }, signal }),
  })
  const standing = useStanding().data?.lockdowns ?? []
  return (
    <Page title={t('nav.lockdown')} sub={t('lockdown.sub')}>
      <Loaded q={levels}>
        {({ levels }) => (
          <>
            {can('lockdown:raise') && <Raise levels={levels} />}
            {can('devices:read') && standing.map((l) => <Commands key={l.id} l={l} />)}
            {can('alerts:read') && <History />}
            {can('lockdown:clear') && me.user.role !== 'integrator' && <ClearCodes />}
            {can('settings:write') && <Levels levels={levels} />}
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** The buttons that raise a level. A drill is what is chosen first: the real thing takes a second choice. */
function Raise({ levels }: { levels: ThreatLevel[] }) {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const cache = useQueryClient()
  const deed = useDeed()
  const [drill, setDrill] = useState(false)
  const [irreversible, setIrreversible] = useState(false)
  const [note, setNote] = useState('')
  const [zone, setZone] = useState('')
  const [looking, setLooking] = useState<ThreatLevel>()
  const places = usePlaces()
  const how = { drill, irreversible: drill && irreversible, zone }
  const raise = (level: string) =>
    void deed.run(async () => {
      await call('/v1/lockdowns', {
        method: 'POST',
        body: { school, level, ...how, note },
      })
      setNote('')
      renewLockdowns(cache)
    })
  return (
    <Panel title={t('lockdown.raise')}>
      <Stack gap="sm">
        <Checkbox
          label={t('lockdown.isDrill')}
          checked={drill}
          onChange={(e) => setDrill(e.currentTarget.checked)}
          data-testid="drill"
        />
        {drill && (
          <Checkbox
            label={t('lockdown.irreversible')}
            checked={irreversible}
            onChange={(e) => setIrreversible(e.currentTarget.checked)}
          />
        )}
        <Group grow align="end">
          <TextInput
            label={t('lockdown.note')}
            value={note}
            maxLength={500}
            onChange={(e) => setNote(e.currentTarget.value)}
          />
          <Select
            label={t('lockdown.where')}
            clearable
            searchable
            placeholder={t('lockdown.nobodySaid')}
            value={zone || null}
            data={places.options}
            onChange={(z) => setZone(z ?? '')}
          />
        </Group>
        <div className="levels">
          {levels.map((l) => (
            <div key={l.id}>
              <HoldButton
                size="lg"
                fullWidth
                color={drill ? 'blue' : l.severity === 'critical' ? 'red' : '#a84300'}
                loading={deed.busy}
                testid={'raise-' + l.id}
                onHeld={() => raise(l.id)}>
                {drill
                  ? t('lockdown.drillOf', { level: f.local(l.title, l.title_zh) })
                  : f.local(l.title, l.title_zh)}
              </HoldButton>
              <LevelGist level={l} how={how} />
              <Button
                size="compact-sm"
                variant="subtle"
                data-testid={'look-' + l.id}
                aria-label={t('lockdown.lookAt', { level: f.local(l.title, l.title_zh) })}
                onClick={() => setLooking(l)}>
                {t('lockdown.look')}
              </Button>
            </div>
          ))}
        </div>
        {looking && <LevelPreviewDialog level={looking} how={how} onClose={() => setLooking(undefined)} />}
        <Text size="sm" c="dimmed">
          {t('lockdown.hold')}
        </Text>
        {deed.error ? <Trouble error={deed.error} /> : null}
      </Stack>
    </Panel>
  )
}

/** What devices were told because of a lockdown, and what came of it. */
function Commands({ l }: { l: Lockdown }) {
  const { t } = useT()
  const f = useFormat()
  const list = usePaged(
    'commands',
    '/v1/commands',
    { lockdown: l.id },
    { limit: 50, every: 3000, name: l.id },
  )
  const names = new Map((list.q.data?.items ?? []).map((c) => [c.device, c.device_name || c.device]))
  const title = t('lockdown.commands', { level: f.local(l.title, l.title_zh) })
  return (
    <Panel flush title={title}>
      {(l.idle?.length ?? 0) > 0 && (
        <Text size="sm" p="sm" c="red" fw={600} role="alert">
          {t('lockdown.idle', { actions: l.idle!.join(', ') })}
        </Text>
      )}
      {l.spared > 0 && (
        <Text size="sm" p="sm">
          {t('lockdown.spared', { count: l.spared })}
        </Text>
      )}
      {(l.past ?? []).map((x) => (
        <Text key={x.at + x.device} size="sm" p="sm" c="orange" fw={600} data-testid="past">
          <When at={x.at} seconds /> {t('lockdown.past', { ...x, device: names.get(x.device) ?? x.device })}
        </Text>
      ))}
      <PagedList
        list={list}
        empty={<Empty title={t('lockdown.noCommands')} hint={t('lockdown.noCommandsHint')} />}>
        {(rows) => (
          <Rows
            label={title}
            rows={rows}
            id={(c) => c.id}
            to={(c) => '/fleet/' + encodeURIComponent(c.device)}
            columns={[
              {
                key: 'device',
                label: t('lockdown.device'),
                main: true,
                cell: (c) => c.device_name || c.device,
              },
              { key: 'action', label: t('commands.action'), cell: (c) => c.action },
              { key: 'state', label: t('fleet.state'), cell: (c) => <CommandTag s={c.state} /> },
              {
                key: 'reason',
                label: t('common.reason'),
                cell: (c) => c.reason || t('commands.means.' + c.state),
              },
              { key: 'changed', label: t('common.time'), cell: (c) => <When at={c.changed} seconds /> },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

function History() {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const list = usePaged('lockdowns', '/v1/lockdowns', { school }, { limit: 20, name: 'past' })
  return (
    <Panel flush title={t('lockdown.history')}>
      <PagedList list={list} empty={<Empty title={t('lockdown.never')} hint={t('lockdown.neverHint')} />}>
        {(rows) => (
          <Rows
            label={t('lockdown.history')}
            rows={rows}
            id={(l) => l.id}
            columns={[
              {
                key: 'raised',
                label: t('common.time'),
                main: true,
                cell: (l) => <When at={l.raised} seconds />,
              },
              {
                key: 'level',
                label: t('lockdown.level'),
                cell: (l) => (
                  <Group gap={6}>
                    {f.local(l.title, l.title_zh)}
                    {l.drill && <Tag tone="blue">{t('lockdown.drill')}</Tag>}
                  </Group>
                ),
              },
              { key: 'by', label: t('lockdown.raisedBy'), cell: (l) => l.raised_by_name || '–' },
              { key: 'note', label: t('lockdown.note'), cell: (l) => l.note || '–' },
              { key: 'commands', label: t('commands.title'), right: true, cell: (l) => l.commands },
              {
                key: 'cleared',
                label: t('lockdown.cleared'),
                cell: (l) =>
                  l.cleared ? (
                    <>
                      <When at={l.cleared} seconds /> {l.next ? t('lockdown.replaced') : l.cleared_by_name}
                    </>
                  ) : (
                    <Tag tone={l.drill ? 'blue' : 'red'}>{t('lockdown.stands')}</Tag>
                  ),
              },
            ]}
          />
        )}
      </PagedList>
    </Panel>
  )
}

/** What the school does at each level. */
function Levels({ levels }: { levels: ThreatLevel[] }) {
  const { t } = useT()
  const f = useFormat()
  const doors = useDoorWords()
  const [open, setOpen] = useState<ThreatLevel | 'new'>()
  return (
    <Panel
      flush
      title={t('lockdown.levels')}
      actions={
        <Button size="compact-sm" variant="default" onClick={() => setOpen('new')}>
          {t('lockdown.addLevel')}
        </Button>
      }>
      <Rows
        label={t('lockdown.levels')}
        rows={levels}
        id={(l) => l.id}
        columns={[
          { key: 'title', label: t('lockdown.level'), main: true, cell: (l) => f.local(l.title, l.title_zh) },
          {
            key: 'raise',
            label: t('lockdown.atRaise'),
            cell: (l) => (l.raise ?? []).map((a) => a.action).join(', ') || '–',
          },
          {
            key: 'clear',
            label: t('lockdown.atClear'),
            cell: (l) => (l.clear ?? []).map((a) => a.action).join(', ') || '–',
          },
          {
            key: 'doors',
            label: t('lockdown.doors'),
            cell: (l) => doors(l.doors) || '–',
          },
          {
            key: 'edit',
            label: '',
            right: true,
            cell: (l) => (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => setOpen(l)}
                aria-label={t('lockdown.editLevel', { level: f.local(l.title, l.title_zh) })}>
                {t('common.edit')}
              </Button>
            ),
          },
        ]}
      />
      {open && <LevelDialog level={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />}
    </Panel>
  )
}
