// Taking alerts on, one or many at once, with a way back for half a minute.

import { Button, Group, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useRef, type ReactNode } from 'react'
import { call } from '../api/client'
import type { Alert, AlertOutcomes, Sent, Wall } from '../api/types'
import { useT } from '../i18n'
import { useSession } from '../session'
import { said, saidError } from './kit'

const most = 500 // ids in one request
const undoFor = 30_000 // ms

/** The wall with some alerts in hand, as it will be when the gateway has answered. */
export function taken(w: Wall, ids: ReadonlySet<string>, by: string): Wall {
  const open = { ...w.open }
  const acknowledged = { ...w.acknowledged }
  const items = w.items.map((a) => {
    if (!ids.has(a.id) || a.state !== 'open') return a
    open[a.severity]--
    acknowledged[a.severity]++
    return { ...a, state: 'acknowledged' as const, handler_name: by }
  })
  return { ...w, items, open, acknowledged }
}

async function batch(body: Sent<'BatchInput'>): Promise<AlertOutcomes> {
  return call('/v1/alerts/batch', { method: 'POST', body })
}

/** What is done to each of many. */
export type BulkDeed = Omit<Sent<'BatchInput'>, 'ids'>

interface Bulk {
  take: (alerts: Alert[]) => Promise<void>
  run: (ids: string[], deed: BulkDeed) => Promise<void>
  undo: () => Promise<void>
}

const Context = createContext<Bulk | null>(null)

export function useBulk(): Bulk {
  const v = useContext(Context)
  if (!v) throw new Error('no deeds on alerts')
  return v
}

export function BulkProvider({ children }: { children: ReactNode }) {
  const { t } = useT()
  const { me } = useSession()
  const cache = useQueryClient()
  const last = useRef<{ tokens: string[]; until: number }>({ tokens: [], until: 0 })
  const renew = () =>
    ['alerts', 'alert', 'incidents'].forEach((k) => void cache.invalidateQueries({ queryKey: [k] }))

  const leftAlone = (outcomes: AlertOutcomes['outcomes']) => {
    const refused = outcomes.filter((o) => !o.ok)
    if (refused.length > 0) said(t('wall.someRefused', { n: refused.length, why: refused[0].text ?? '' }))
  }

  // The last batch of a deed first, so that each finds what it left.
  const undo = async () => {
    const { tokens, until } = last.current
    if (tokens.length === 0 || Date.now() > until) return said(t('wall.nothingToUndo'))
    last.current = { tokens: [], until: 0 }
    notifications.hide('undo')
    try {
      for (const token of tokens.reverse()) {
        const got = await call('/v1/alerts/undo', { method: 'POST', body: { token } })
        leftAlone(got.outcomes)
      }
      said(t('wall.undone'))
    } catch (e) {
      saidError(e, t)
    } finally {
      renew()
    }
  }

  const run = async (ids: string[], deed: BulkDeed) => {
    const tokens: string[] = []
    let done = 0
    let until = Date.now() + undoFor
    try {
      for (let i = 0; i < ids.length; i += most) {
        const got = await batch({ ...deed, ids: ids.slice(i, i + most) })
        done += got.done
        if (got.undo) tokens.push(got.undo)
        if (got.undo_until) until = Math.min(until, Date.parse(got.undo_until))
        leftAlone(got.outcomes)
      }
    } catch (e) {
      saidError(e, t)
    } finally {
      if (tokens.length > 0) {
        last.current = { tokens, until }
        offer(t('bulkDone.' + deed.deed, { n: done }))
      }
      renew()
    }
  }

  // Shows them as taken at once; what the gateway refuses comes back, with the reason.
  const take = async (alerts: Alert[]) => {
    const ids = alerts.filter((a) => a.state === 'open').map((a) => a.id)
    if (ids.length === 0) return
    const by = me.user.full_name || me.user.name
    await cache.cancelQueries({ queryKey: ['alerts', 'wall'] })
    cache.setQueriesData<Wall>({ queryKey: ['alerts', 'wall'] }, (w) => w && taken(w, new Set(ids), by))
    await run(ids, { deed: 'acknowledge' })
  }

  const offer = (what: string) => {
    notifications.hide('undo')
    notifications.show({
      id: 'undo',
      autoClose: undoFor,
      closeButtonProps: { 'aria-label': t('common.close') },
      message: (
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm">{what}</Text>
          <Button size="compact-sm" variant="default" data-testid="undo" onClick={() => void undo()}>
            {t('wall.undo')}
          </Button>
        </Group>
      ),
    })
  }
  return <Context.Provider value={{ take, run, undo }}>{children}</Context.Provider>
}
