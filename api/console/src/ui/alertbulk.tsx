// Taking alerts on, one or many at once, with a way back for half a minute.

import { Button, Group, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useRef, type ReactNode } from 'react'
import { call } from '../api/client'
import type { Alert, AlertOutcomes, Sent, Wall } from '../api/types'
import { useT } from '../i18n'
import type { Targets } from '../lib/walllines'
import type { Grouping } from '../live'
import { useSession } from '../session'
import { said, saidError } from './kit'

const most = 500 // ids in one request
const undoFor = 30_000 // ms

/** The wall with some alerts and groups in hand, as it will be when the gateway has answered. */
export function taken(w: Wall, ids: ReadonlySet<string>, groups: ReadonlySet<string>, by: string): Wall {
  const open = { ...w.open }
  const acknowledged = { ...w.acknowledged }
  const told = new Set<string>()
  const inHand = <A extends Alert>(a: A): A => {
    if (!ids.has(a.id) || a.state !== 'open') return a
    if (!told.has(a.id)) {
      open[a.severity]--
      acknowledged[a.severity]++
    }
    told.add(a.id)
    return { ...a, state: 'acknowledged' as const, handler_name: by }
  }
  const items = w.items.map(inHand)
  // What is in a group besides its first alert is not known here: the gateway tells the totals.
  const gathered = w.groups?.map((g) => {
    if (groups.has(g.key)) return { ...g, unacknowledged: 0 }
    const alert = inHand(g.alert)
    const less = alert === g.alert ? 0 : 1
    return less ? { ...g, alert, unacknowledged: g.unacknowledged - less } : g
  })
  return { ...w, items, groups: gathered, open, acknowledged }
}

async function batch(body: Sent<'BatchInput'>): Promise<AlertOutcomes> {
  return call('/v1/alerts/batch', { method: 'POST', body })
}

/** What is done to each of many. */
export type BulkDeed = Omit<Sent<'BatchInput'>, 'ids'>

/** Where groups were gathered: as the wall was asked. */
export interface Gathered {
  school?: string
  building?: string
  zone?: string
  severity?: string
  group?: Grouping
}

interface Bulk {
  take: (what: Targets, where?: Gathered) => Promise<void>
  run: (what: Targets, deed: BulkDeed, where?: Gathered) => Promise<boolean>
  undo: () => Promise<void>
}

// The ids of what is chosen, each once, in batches. A group is asked again until it has none that
// were not there before: what is done to its first ones brings up the rest.
async function* batches(what: Targets, deed: BulkDeed, where: Gathered): AsyncGenerator<string[]> {
  const seen = new Set<string>()
  const unseen = (ids: string[]) => ids.filter((id) => !seen.has(id) && seen.add(id))
  for (const g of what.groups) {
    for (;;) {
      const state = deed.deed === 'acknowledge' ? ('open' as const) : undefined
      const query = { ...where, group: where.group ?? ('cause' as const), key: g.key, state, limit: 1000 }
      const w = await call('/v1/wall', { query })
      const ids = unseen(w.items.map((a) => a.id))
      if (ids.length === 0) break
      for (let i = 0; i < ids.length; i += most) yield ids.slice(i, i + most)
    }
  }
  const alerts = deed.deed === 'acknowledge' ? what.alerts.filter((a) => a.state === 'open') : what.alerts
  const ids = unseen(alerts.map((a) => a.id))
  for (let i = 0; i < ids.length; i += most) yield ids.slice(i, i + most)
}

/** The ids of what is chosen, at most as many as one request takes. */
export async function allOf(what: Targets, where: Gathered): Promise<string[]> {
  const out: string[] = []
  for await (const ids of batches(what, { deed: 'assign' }, where)) {
    out.push(...ids)
    if (out.length >= most) break
  }
  return out.slice(0, most)
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

  const run = async (what: Targets, deed: BulkDeed, where: Gathered = {}) => {
    const tokens: string[] = []
    let done = 0
    let until = Date.now() + undoFor
    try {
      for await (const ids of batches(what, deed, where)) {
        const got = await batch({ ...deed, ids })
        done += got.done
        if (got.undo) tokens.push(got.undo)
        if (got.undo_until) until = Math.min(until, Date.parse(got.undo_until))
        leftAlone(got.outcomes)
      }
      return true
    } catch (e) {
      saidError(e, t)
      return false
    } finally {
      if (tokens.length > 0) {
        last.current = { tokens, until }
        offer(t('bulkDone.' + deed.deed, { n: done }))
      }
      renew()
    }
  }

  // Shows them as taken at once; what the gateway refuses comes back, with the reason, and all of
  // them if it is not there to be asked: nobody may believe that it is in hand.
  const take = async (what: Targets, where?: Gathered) => {
    const ids = what.alerts.filter((a) => a.state === 'open').map((a) => a.id)
    const groups = what.groups.filter((g) => g.unacknowledged > 0)
    if (ids.length === 0 && groups.length === 0) return
    const by = me.user.full_name || me.user.name
    const keys = new Set(groups.map((g) => g.key))
    await cache.cancelQueries({ queryKey: ['alerts', 'wall'] })
    const before = cache.getQueriesData<Wall>({ queryKey: ['alerts', 'wall'] })
    cache.setQueriesData<Wall>({ queryKey: ['alerts', 'wall'] }, (w) => w && taken(w, new Set(ids), keys, by))
    if (await run({ ...what, groups }, { deed: 'acknowledge' }, where)) return
    for (const [key, wall] of before) cache.setQueryData(key, wall)
    renew()
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
