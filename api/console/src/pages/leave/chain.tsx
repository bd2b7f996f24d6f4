// Who answers requests for leave: the class teachers, then further steps by length, kind and class.

import { Button, Card, Group, MultiSelect, NumberInput, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../../api/client'
import { leaveKinds, type LeaveChain, type Sent } from '../../api/types'
import { useT } from '../../i18n'
import { useSchoolParam, useSession } from '../../session'
import { useOpen } from '../../ui/address'
import { FormDialog, useForm } from '../../ui/form'
import { Facts, Loaded, Panel } from '../../ui/kit'

export function ChainSettings() {
  const { t } = useT()
  const { can, school: own } = useSession()
  const school = useSchoolParam() ?? own.id
  const [changing, change, changed] = useOpen('chain')
  const may = can('settings:write') && can('users:admin')
  const q = useQuery({
    queryKey: ['leave-chain', school],
    queryFn: () => call('/v1/leave-chain', { query: { school } }),
  })
  const users = useQuery({
    queryKey: ['users', school],
    queryFn: () => call('/v1/users', { query: { school, limit: 1000 } }),
    enabled: can('users:admin'),
  })
  const named = (ids: string[]) =>
    ids
      .map((id) => users.data?.items.find((u) => u.id === id))
      .map((u, i) => u?.full_name || u?.name || ids[i])
      .join(', ')
  return (
    <Panel title={t('leaveAsk.chain')}>
      <Text size="sm" mb="sm">
        {t('leaveAsk.chainText')}
      </Text>
      <Loaded q={q}>
        {(chain) => (
          <>
            <Facts
              items={[
                ...chain.classes.map((c) => [c.class, named(c.users)] as [string, string]),
                [t('leaveAsk.otherClasses'), t('leaveAsk.anybody')],
                ...chain.steps.map(
                  (s, i) =>
                    [
                      `${i + 2}. ${s.name}`,
                      [
                        named(s.users),
                        s.over_days ? t('leaveAsk.overDays', { n: s.over_days }) : t('leaveAsk.always'),
                        s.kinds?.map((k) => t('leaveKind.' + k)).join(', '),
                        s.classes?.join(', '),
                      ]
                        .filter(Boolean)
                        .join(' · '),
                    ] as [string, string],
                ),
              ]}
            />
            {may && users.data && (
              <Button mt="sm" onClick={() => change('1')}>
                {t('visitPage.change')}
              </Button>
            )}
            {changing && may && users.data && (
              <Change
                school={school}
                chain={chain}
                users={users.data.items
                  .filter((u) => !u.disabled && ['teacher', 'admin', 'district_admin'].includes(u.role))
                  .map((u) => ({ value: u.id, label: u.full_name || u.name }))}
                onClose={changed}
              />
            )}
          </>
        )}
      </Loaded>
    </Panel>
  )
}

type Choice = { value: string; label: string }

function Change(p: { school: string; chain: LeaveChain; users: Choice[]; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const classes = useQuery({
    queryKey: ['classes', p.school],
    queryFn: () => call('/v1/classes', { query: { school: p.school } }),
  })
  const form = useForm('LeaveChainInput', () => ({
    classes: Object.fromEntries(p.chain.classes.map((c) => [c.class, c.users])) as Record<string, string[]>,
    steps: p.chain.steps.map((s) => ({ ...s, kinds: s.kinds ?? [], classes: s.classes ?? [] })),
  }))
  const { v, set } = form
  const all = [...new Set([...(classes.data?.items ?? []), ...Object.keys(v.classes)])]
  const step = (i: number, change: Partial<(typeof v.steps)[number]>) =>
    set({ steps: v.steps.map((s, j) => (j === i ? { ...s, ...change } : s)) })
  const save = async () => {
    const body = {
      school: p.school,
      classes: Object.entries(v.classes)
        .filter(([, users]) => users.length > 0)
        .map(([c, users]) => ({ class: c, users })),
      steps: v.steps.map((s) => ({
        ...s,
        name: s.name.trim(),
        kinds: s.kinds.length ? s.kinds : undefined,
        classes: s.classes.length ? s.classes : undefined,
      })),
    } satisfies Sent<'LeaveChainInput'>
    await call('/v1/leave-chain', { method: 'POST', body })
    await cache.invalidateQueries({ queryKey: ['leave-chain'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={p.onClose}
      deed={t('common.save')}
      ready={v.steps.every((s) => s.name.trim() && s.users.length > 0)}
      title={t('leaveAsk.chain')}>
      <Text fw={600} size="sm">
        {t('leaveAsk.teachers')}
      </Text>
      {all.map((c) => (
        <MultiSelect
          key={c}
          label={c}
          searchable
          maxValues={20}
          data={p.users}
          value={v.classes[c] ?? []}
          onChange={(users) => set({ classes: { ...v.classes, [c]: users } })}
        />
      ))}
      {v.steps.map((s, i) => (
        <Card key={i} withBorder padding="sm">
          <TextInput
            label={t('leaveAsk.stepName')}
            required
            maxLength={100}
            value={s.name}
            onChange={(e) => step(i, { name: e.currentTarget.value })}
          />
          <MultiSelect
            label={t('leaveAsk.stepUsers')}
            required
            searchable
            maxValues={20}
            data={p.users}
            value={s.users}
            onChange={(users) => step(i, { users })}
          />
          <NumberInput
            label={t('leaveAsk.stepOver')}
            description={t('leaveAsk.stepOverHint')}
            min={0}
            max={60}
            value={s.over_days}
            onChange={(n) => step(i, { over_days: Number(n) || 0 })}
          />
          <MultiSelect
            label={t('leaveAsk.stepKinds')}
            placeholder={s.kinds.length ? undefined : t('leaveAsk.everyKind')}
            data={leaveKinds.map((k) => ({ value: k, label: t('leaveKind.' + k) }))}
            value={s.kinds}
            onChange={(kinds) => step(i, { kinds: kinds as typeof s.kinds })}
          />
          <MultiSelect
            label={t('leaveAsk.stepClasses')}
            placeholder={s.classes.length ? undefined : t('leaveAsk.everyClass')}
            searchable
            data={all}
            value={s.classes}
            onChange={(c) => step(i, { classes: c })}
          />
          <Group justify="flex-end" mt="xs">
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => set({ steps: v.steps.filter((_, j) => j !== i) })}>
              {t('leaveAsk.dropStep')}
            </Button>
          </Group>
        </Card>
      ))}
      {v.steps.length < 5 && (
        <Button
          variant="default"
          onClick={() =>
            set({ steps: [...v.steps, { name: '', users: [], over_days: 3, kinds: [], classes: [] }] })
          }>
          {t('leaveAsk.addStep')}
        </Button>
      )}
    </FormDialog>
  )
}
