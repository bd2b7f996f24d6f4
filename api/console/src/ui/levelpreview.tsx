// What raising a threat level would do now: which devices it commands, who passes the doors, and who
// is told what in both languages.

import { Modal, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import type { ActionPreview, LevelDoors, MessagePreview, ThreatLevel } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam } from '../session'
import { Loaded } from './kit'

/** How a level would be raised. */
export interface Manner {
  drill: boolean
  irreversible: boolean
  zone: string
}

export function useLevelPreview(level: ThreatLevel, how: Manner) {
  const school = useSchoolParam()
  return useQuery({
    queryKey: ['lockdown', 'preview', school, level.id, level.version, how],
    queryFn: ({ signal }) =>
      call(`/v1/threat-levels/${encodeURIComponent(level.id)}/preview`, {
        query: { school, drill: how.drill, irreversible: how.irreversible, zone: how.zone || undefined },
        signal,
      }),
    staleTime: 30_000,
  })
}

/** One line under a level's button: how much it does, and in red what nothing is there for. */
export function LevelGist({ level, how }: { level: ThreatLevel; how: Manner }) {
  const { t } = useT()
  const p = useLevelPreview(level, how).data
  if (!p) return null
  const raise = p.raise
  const devices = raise.reduce((n, a) => n + a.devices, 0)
  const told = Math.max(0, ...p.messages.filter((m) => m.sent).map((m) => m.recipients))
  const idle = [...raise, ...p.clear].filter((a) => a.problem)
  return (
    <>
      <Text size="xs" c="dimmed">
        {t('lockdown.gist', { devices: t('lockdown.nDevices', { count: devices }), told })}
      </Text>
      {idle.length > 0 && (
        <Text size="xs" c="red" fw={600} role="alert" data-testid={'idle-' + level.id}>
          {t('lockdown.idleNow', { actions: [...new Set(idle.map((a) => a.action))].join(', ') })}
        </Text>
      )}
    </>
  )
}

/** Who passes while a level stands; nothing where that is as at any other time. */
export function useDoorWords() {
  const { t } = useT()
  return (d?: LevelDoors) =>
    [d?.in && t('lockdown.doorsIn.' + d.in), d?.out && t('lockdown.doorsOut.' + d.out)]
      .filter(Boolean)
      .join(' · ')
}

export function LevelPreviewDialog(p: { level: ThreatLevel; how: Manner; onClose: () => void }) {
  const { t } = useT()
  const f = useFormat()
  const doors = useDoorWords()(p.level.doors)
  const q = useLevelPreview(p.level, p.how)
  const name = f.local(p.level.title, p.level.title_zh)
  return (
    <Modal
      opened
      centered
      size="lg"
      onClose={p.onClose}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      title={t('lockdown.previewTitle', {
        level: p.how.drill ? t('lockdown.drillOf', { level: name }) : name,
      })}>
      <Loaded q={q}>
        {(x) => (
          <Stack gap="md" data-testid="level-preview">
            <Actions title={t('lockdown.atRaise')} rows={x.raise} />
            <Actions title={t('lockdown.atClear')} rows={x.clear} />
            <div>
              <Text fw={600}>{t('lockdown.doors')}</Text>
              <Text size="sm">{doors || t('lockdown.doorsAsAlways')}</Text>
              <Text size="sm" c="dimmed">
                {t('lockdown.doorsHint')}
              </Text>
            </div>
            <div>
              <Text fw={600}>{t('lockdown.messages')}</Text>
              {x.messages.length === 0 && <Text size="sm">{t('lockdown.noMessages')}</Text>}
              {x.messages.map((m, i) => (
                <Message key={i} m={m} />
              ))}
            </div>
          </Stack>
        )}
      </Loaded>
    </Modal>
  )
}

function Actions({ title, rows }: { title: string; rows: ActionPreview[] }) {
  const { t } = useT()
  return (
    <div>
      <Text fw={600}>{title}</Text>
      {rows.length === 0 && <Text size="sm">{t('lockdown.noActions')}</Text>}
      {rows.map((a, i) => (
        <div key={i}>
          <Text size="sm">
            {a.action}: {t('lockdown.nDevices', { count: a.devices })}
            {a.spared > 0 && ' · ' + t('lockdown.spared', { count: a.spared })}
            {a.away > 0 &&
              ' · ' + t('lockdown.away', { count: a.away, names: (a.away_names ?? []).join(', ') })}
          </Text>
          {a.problem && (
            <Text size="sm" c="red" fw={600} role="alert">
              {t('lockdown.nothingDone', { why: a.problem })}
            </Text>
          )}
        </div>
      ))}
    </div>
  )
}

function Message({ m }: { m: MessagePreview }) {
  const { t } = useT()
  const ways = Object.entries(m.by_way ?? {})
    .filter(([, n]) => n > 0)
    .map(([w, n]) => `${t('way.' + w)} ${n}`)
  const to = [
    t('lockdown.toldCount', { count: m.recipients, users: m.users, people: m.people }),
    ...ways,
    ...(m.channels ?? []),
  ].join(' · ')
  return (
    <Stack gap={4} mt={6}>
      <Text size="sm">{m.sent ? to : t('lockdown.messageElsewhere')}</Text>
      {m.sent && m.recipients === 0 && !m.channels?.length && (
        <Text size="sm" c="red" fw={600} role="alert">
          {t('lockdown.tellsNobody')}
        </Text>
      )}
      {m.sent && m.no_address > 0 && (
        <Text size="sm" c="red" role="alert">
          {t('lockdown.noAddress', { count: m.no_address })}
        </Text>
      )}
      <div className="both-texts">
        <pre lang="zh-CN">{m.subject_zh + '\n' + m.text_zh}</pre>
        <pre lang="en">{m.subject + '\n' + m.text}</pre>
      </div>
    </Stack>
  )
}
