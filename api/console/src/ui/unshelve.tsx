// Taking many shelves back at once, from the list of what is shelved, with the way back of all bulk
// deeds: each shelf comes back with its end, its owner and its reason.

import { Button, Checkbox, Group } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import { useState } from 'react'
import type { Alert } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { useBulk } from './alertbulk'

/** Whether a shelf keeps an alert off the wall now. */
export const onShelf = (a: Alert) =>
  a.hidden?.kind === 'shelf' && (a.state === 'open' || a.state === 'acknowledged')

export interface Picked {
  all: Alert[] // of the page, those that can be taken back
  ids: ReadonlySet<string>
  pick: (ids: string[], on: boolean) => void
}

/** What is selected of the shelved alerts of a page; nothing for who may not take them back. */
export function usePicked(rows: Alert[]): Picked {
  const { can } = useSession()
  const [ids, setIDs] = useState<ReadonlySet<string>>(new Set())
  return {
    all: can('alerts:write') ? rows.filter(onShelf) : [],
    ids,
    pick: (some, on) =>
      setIDs((was) => new Set(on ? [...was, ...some] : [...was].filter((id) => !some.includes(id)))),
  }
}

/** The box of one alert. */
export function PickBox({ a, picked }: { a: Alert; picked: Picked }) {
  const { t } = useT()
  const f = useFormat()
  if (!picked.all.some((x) => x.id === a.id)) return null
  return (
    <Checkbox
      size="sm"
      aria-label={t('shelf.pick', {
        what: [f.local(a.title, a.title_zh), a.zone_name, a.device_name].filter(Boolean).join(' · '),
      })}
      checked={picked.ids.has(a.id)}
      onChange={(e) => picked.pick([a.id], e.currentTarget.checked)}
    />
  )
}

/** All of the page, and what is done with the selected ones. */
export function UnshelveBar({ picked }: { picked: Picked }) {
  const { t } = useT()
  const bulk = useBulk()
  const chosen = picked.all.filter((a) => picked.ids.has(a.id))
  if (picked.all.length === 0) return null
  return (
    <Group px="sm" pb="sm" gap="md" data-testid="unshelve-bar">
      <Checkbox
        size="sm"
        label={t('shelf.pickAll', { n: picked.all.length })}
        checked={chosen.length === picked.all.length}
        indeterminate={chosen.length > 0 && chosen.length < picked.all.length}
        onChange={(e) =>
          picked.pick(
            picked.all.map((a) => a.id),
            e.currentTarget.checked,
          )
        }
      />
      <Button
        size="sm"
        variant="default"
        disabled={chosen.length === 0}
        data-testid="unshelve-selected"
        leftSection={<IconArrowBackUp size={16} aria-hidden />}
        onClick={() => {
          void bulk.run({ alerts: chosen, groups: [] }, { deed: 'unshelve' })
          picked.pick(
            chosen.map((a) => a.id),
            false,
          )
        }}>
        {t('shelf.unshelve', { n: chosen.length })}
      </Button>
    </Group>
  )
}
