// How a step tells its people: in words, and as a list of tries where it is not as of every alarm.

import { ActionIcon, Button, Group, MultiSelect, NumberInput, Stack } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import type { Try } from '../../api/types'
import { useT } from '../../i18n'
import { without } from './parts'
import { ended, triesSaid, tryWays, usualTries } from './tries'

interface Props {
  tries: Try[]
  said: (field: string) => string | undefined // of tries, as in "[0].ways"
  onChange: (tries: Try[]) => void
}

export function TryList({ tries, said, onChange }: Props) {
  const { t } = useT()
  const own = tries.length > 0
  const put = (n: number, c: Partial<Try>) => onChange(tries.map((x, i) => (i === n ? { ...x, ...c } : x)))
  const left = tryWays.filter((w) => !tries.some((x) => x.ways?.includes(w)))
  return (
    <div role="group" aria-label={t('duty.tries')}>
      <Group justify="space-between" gap={6} align="baseline">
        <span className="duty-tries-label">{t('duty.tries')}</span>
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => onChange(own ? [] : usualTries.map((x) => ({ ...x })))}>
          {own ? t('duty.triesUsual') : t('duty.triesOwn')}
        </Button>
      </Group>
      <p className="duty-hint" data-testid="tries-said">
        {triesSaid(t, tries)}
      </p>
      {own && (
        <Stack gap={6} mt={4}>
          {tries.map((x, n) => (
            <Group key={n} align="flex-end" gap={6} className="duty-try">
              <MultiSelect
                flex="1 1 12rem"
                label={t('duty.try', { n: n + 1 })}
                value={x.ways ?? []}
                error={said(`[${n}].ways`)}
                data={tryWays
                  .filter((w) => left.includes(w) || x.ways?.includes(w))
                  .map((w) => ({ value: w, label: t('way.' + w) }))}
                onChange={(ways) => put(n, { ways: ways as Try['ways'] })}
              />
              {n < tries.length - 1 && (
                <NumberInput
                  w="10rem"
                  label={t('duty.unread')}
                  min={0}
                  max={1440}
                  value={x.unread_minutes ?? 0}
                  error={said(`[${n}].unread_minutes`)}
                  onChange={(m) => put(n, { unread_minutes: Number(m) || undefined })}
                />
              )}
              <ActionIcon
                mb={6}
                variant="subtle"
                color="red"
                aria-label={t('duty.deleteOne', { what: t('duty.try', { n: n + 1 }) })}
                onClick={() => onChange(ended(without(tries, n)))}>
                <IconTrash size={14} />
              </ActionIcon>
            </Group>
          ))}
          {left.length > 0 && (
            <Group>
              <Button
                size="compact-xs"
                variant="default"
                onClick={() =>
                  onChange([
                    ...tries.slice(0, -1),
                    ...tries.slice(-1).map((x) => ({ ...x, unread_minutes: x.unread_minutes ?? 3 })),
                    { ways: [left[0]!] },
                  ])
                }>
                {t('duty.addTry')}
              </Button>
            </Group>
          )}
        </Stack>
      )}
    </div>
  )
}
