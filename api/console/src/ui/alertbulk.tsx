// Taking alerts on, one or many at once, with a way back for half a minute.

import { Button, Group, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useRef, type ReactNode } from 'react'
import { APIError, ask, call } from '../api/client'
import type { Alert, Wall } from '../api/types'
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

interface Outcomes {
  done: number
  outcomes: { id: string; ok: boolean; text?: string }[]
  undo?: string
}

// A gateway that knows no batches is asked one by one; nothing is undone there.
async function acknowledge(alerts: Alert[]): Promise<Outcomes> {
  try {
    const body = { deed: 'acknowledge', ids: alerts.map((a) => a.id) }
    return await ask<Outcomes>('/v1/alerts/batch', { method: 'POST', body })
  } catch (e) {
    if (!(e instanceof APIError && (e.status === 404 || e.status === 405))) throw e
  }
  for (const a of alerts)
    await call(`/v1/alerts/${encodeURIComponent(a.id)}/acknowledge`, {
      method: 'POST',
      body: { version: a.version },
    })
  return { done: alerts.length, outcomes: [] }
}

interface Bulk {
  take: (alerts: Alert[]) => Promise<void>
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

  const undo = async () => {
    const { tokens, until } = last.current
    if (tokens.length === 0 || Date.now() > until) return said(t('wall.nothingToUndo'))
    last.current = { tokens: [], until: 0 }
    notifications.hide('undo')
    try {
      for (const token of tokens) await ask('/v1/alerts/undo', { method: 'POST', body: { token } })
      said(t('wall.undone'))
    } catch (e) {
      saidError(e, t)
    } finally {
      renew()
    }
  }

  // Shows them as taken at once; what the gateway refuses comes back, with the reason.
  const take = async (alerts: Alert[]) => {
    const open = alerts.filter((a) => a.state === 'open')
    if (open.length === 0) return
    const ids = open.map((a) => a.id)
    const by = me.user.full_name || me.user.name
    await cache.cancelQueries({ queryKey: ['alerts', 'wall'] })
    cache.setQueriesData<Wall>({ queryKey: ['alerts', 'wall'] }, (w) => w && taken(w, new Set(ids), by))
    const tokens: string[] = []
    let done = 0
    try {
      for (let i = 0; i < ids.length; i += most) {
        const got = await acknowledge(open.slice(i, i + most))
        done += got.done
        if (got.undo) tokens.push(got.undo)
        const refused = got.outcomes.filter((o) => !o.ok)
        if (refused.length > 0) said(t('wall.someRefused', { n: refused.length, why: refused[0].text ?? '' }))
      }
      last.current = { tokens, until: Date.now() + undoFor }
      if (tokens.length > 0) offer(done)
    } catch (e) {
      saidError(e, t)
    } finally {
      renew()
    }
  }

  const offer = (n: number) => {
    notifications.hide('undo')
    notifications.show({
      id: 'undo',
      autoClose: undoFor,
      closeButtonProps: { 'aria-label': t('common.close') },
      message: (
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm">{t('wall.taken', { n })}</Text>
          <Button size="compact-sm" variant="default" data-testid="undo" onClick={() => void undo()}>
            {t('wall.undo')}
          </Button>
        </Group>
      ),
    })
  }
  return <Context.Provider value={{ take, undo }}>{children}</Context.Provider>
}
