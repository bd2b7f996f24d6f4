// How devices authenticate: a mark if that is weak, and the way to fix it.

import { Alert as Box, Select, Text } from '@mantine/core'
import { IconShieldExclamation } from '@tabler/icons-react'
import { weaknesses, type Device, type DeviceSummary } from '../api/types'
import { useT } from '../i18n'
import { useFormat } from '../session'
import { useAddress } from './address'
import { Tag } from './kit'

/** Whether there is something to fix. Most devices have no rating, which does not count as weak. */
export const isWeak = (d: Device) => d.enabled && !!d.twin.weak && d.twin.weak !== 'none'

export function WeakTag({ d }: { d: Device }) {
  const { t } = useT()
  if (!isWeak(d)) return null
  return (
    <span title={t(`weak.mend.${d.twin.weak}`)}>
      <Tag tone="orange">{t(`weak.tag.${d.twin.weak}`)}</Tag>
    </span>
  )
}

/** On a device's page: the weakness, and how to fix it. */
export function WeakNotice({ d }: { d: Device }) {
  const { t } = useT()
  if (!isWeak(d)) return null
  return (
    <Box
      color="orange"
      mb="sm"
      icon={<IconShieldExclamation size={18} />}
      title={t(`weak.title.${d.twin.weak}`)}>
      <Text size="sm">{t(`weak.mend.${d.twin.weak}`)}</Text>
    </Box>
  )
}

/** The number of weak devices; a click lists them. */
export function WeakChip({ counts }: { counts: DeviceSummary['weak'] | undefined }) {
  const { t } = useT()
  const f = useFormat()
  const { get, put } = useAddress()
  const n = weaknesses.reduce((sum, w) => sum + (counts?.[w] ?? 0), 0)
  const on = get('weak') === 'any'
  if (n === 0 && !on) return null
  return (
    <button
      type="button"
      className="chip"
      aria-pressed={on}
      title={t('weak.someText', { n: f.number(n) })}
      onClick={() => put('weak', on ? null : 'any')}>
      <b>{f.number(n)}</b> <Tag tone="orange">{t('weak.some')}</Tag>
    </button>
  )
}

export function WeakFilter({ counts }: { counts: DeviceSummary['weak'] | undefined }) {
  const { t } = useT()
  const { get, put } = useAddress()
  const option = (value: string, n?: number) => ({
    value,
    label: t('weak.filter.' + value) + (n ? ` (${n})` : ''),
  })
  return (
    <Select
      clearable
      placeholder={t('weak.filter.all')}
      aria-label={t('weak.filter.label')}
      value={get('weak') || null}
      onChange={(v) => put('weak', v)}
      data={[
        option('any'),
        ...weaknesses.map((w) => option(w, counts?.[w])),
        option('none', counts?.none),
        option('unknown', counts?.unknown),
      ]}
    />
  )
}
