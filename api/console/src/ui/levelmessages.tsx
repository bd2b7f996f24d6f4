// Whom a threat level tells, when it is raised and at the all-clear, with the words of the level.

import { ActionIcon, Button, Group, MultiSelect, Stack, Text } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import { personKinds, signInRoles, type LevelMessage } from '../api/types'
import { useT } from '../i18n'
import { useSchoolParam, useSession } from '../session'
import { usePlaces } from './states'

/** Whether a message names anybody. */
export const tellsSomebody = (m: LevelMessage) =>
  (m.roles?.length ?? 0) + (m.kinds?.length ?? 0) + (m.channels?.length ?? 0) > 0

interface Props {
  rows: LevelMessage[]
  error?: string
  said: (field: string) => string | undefined
  set: (rows: LevelMessage[]) => void
}

export function LevelMessages({ rows, error, said, set }: Props) {
  const { t } = useT()
  return (
    <Stack gap={6} role="group" aria-label={t('lockdown.messages')}>
      <Text size="sm" fw={500}>
        {t('lockdown.messages')}
      </Text>
      <Text size="sm" c="dimmed">
        {rows.length ? t('lockdown.messagesHint') : t('lockdown.noMessages')}
      </Text>
      {rows.map((m, n) => (
        <Group key={n} gap={6} wrap="nowrap" align="start" data-testid="level-message">
          <Message
            m={m}
            said={(field) => said(`messages[${n}].${field}`)}
            set={(change) => set(rows.map((r, k) => (k === n ? { ...r, ...change } : r)))}
          />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t('common.remove')}
            onClick={() => set(rows.filter((_, k) => k !== n))}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      {error && (
        <Text size="sm" c="red">
          {error}
        </Text>
      )}
      {rows.length < 20 && (
        <Button
          size="compact-sm"
          variant="default"
          data-testid="add-message"
          onClick={() => set([...rows, { roles: ['security'] }])}
          style={{ alignSelf: 'start' }}>
          {t('lockdown.addMessage')}
        </Button>
      )}
    </Stack>
  )
}

interface MessageProps {
  m: LevelMessage
  said: (field: string) => string | undefined
  set: (change: Partial<LevelMessage>) => void
}

/** One message: who gets it, and whether only for some places. */
function Message({ m, said, set }: MessageProps) {
  const { t } = useT()
  const { can } = useSession()
  const school = useSchoolParam()
  const places = usePlaces()
  const channels = useQuery({
    queryKey: ['channels', school],
    queryFn: () => call('/v1/channels', { query: { school } }),
    enabled: can('messages:send'),
  })
  const robots = (channels.data?.items ?? [])
    .filter((c) => c.way === 'chat')
    .map((c) => ({ value: c.id, label: c.name }))
  // What is chosen and no longer listed can be taken away.
  const lost = (m.channels ?? []).filter((id) => !robots.some((r) => r.value === id))
  return (
    <Stack gap={4} flex={1} miw={0}>
      <MultiSelect
        label={t('lockdown.tellRoles')}
        value={m.roles ?? []}
        data={signInRoles.map((r) => ({ value: r, label: t('role.' + r) }))}
        error={said('roles')}
        onChange={(v) => set({ roles: v as LevelMessage['roles'] })}
      />
      <MultiSelect
        label={t('lockdown.tellKinds')}
        value={m.kinds ?? []}
        data={personKinds.map((k) => ({ value: k, label: t('personKind.' + k) }))}
        error={said('kinds')}
        onChange={(v) => set({ kinds: v as LevelMessage['kinds'] })}
      />
      {(robots.length > 0 || lost.length > 0) && (
        <MultiSelect
          label={t('duty.channels')}
          value={m.channels ?? []}
          data={[...robots, ...lost.map((id) => ({ value: id, label: t('duty.robot') }))]}
          error={said('channels')}
          onChange={(v) => set({ channels: v })}
        />
      )}
      <MultiSelect
        searchable
        label={t('lockdown.onlyBuildings')}
        placeholder={m.buildings?.length ? undefined : t('lockdown.everywhere')}
        value={m.buildings ?? []}
        data={places.buildings.map((b) => ({ value: b.id, label: b.name }))}
        error={said('buildings')}
        onChange={(v) => set({ buildings: v })}
      />
      <MultiSelect
        searchable
        label={t('lockdown.onlyZones')}
        value={m.zones ?? []}
        data={places.options}
        error={said('zones')}
        onChange={(v) => set({ zones: v })}
      />
    </Stack>
  )
}
