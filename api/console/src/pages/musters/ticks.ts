// The ticks of a muster: kept on this device until the gateway has them.

import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { APIError, call } from '../../api/client'
import type { MusterTick, Sent } from '../../api/types'
import { keep, kept, left, tickOf, ticksMost, waitingMost } from '../../lib/muster'
import { useSession } from '../../session'

const retryAfter = 3000 // milliseconds

export type Ticks = ReturnType<typeof useTicks>

export function useTicks(muster: string) {
  const { me } = useSession()
  const cache = useQueryClient()
  const user = me.user.id
  const [waiting, setWaiting] = useState<MusterTick[]>(() => kept(user, muster))
  const [safe, setSafe] = useState(true)
  const [strange, setStrange] = useState(0)
  const [error, setError] = useState<unknown>()
  const [turn, setTurn] = useState(0) // of sending
  const change = useCallback(
    (to: (was: MusterTick[]) => MusterTick[]) =>
      setWaiting((was) => {
        const now = to(was)
        setSafe(keep(user, muster, now))
        return now
      }),
    [user, muster],
  )
  useEffect(() => {
    if (waiting.length === 0 || error) return
    const sending = waiting.slice(0, ticksMost)
    const ended = new AbortController()
    const send = async () => {
      try {
        const out = await call(`/v1/musters/${muster}/ticks`, {
          method: 'POST',
          body: { ticks: sending } satisfies Sent<'TicksInput'>,
          signal: ended.signal,
        })
        setStrange((n) => n + out.strange.length)
        // What is shown is renewed before the tick is let go of, so that no name springs back.
        await cache.invalidateQueries({ queryKey: ['musters'] })
        change((was) => left(was, sending))
      } catch (e) {
        if (ended.signal.aborted) return
        if (e instanceof APIError && (e.status === 0 || e.status >= 500 || e.status === 429)) {
          timer = window.setTimeout(() => setTurn((n) => n + 1), retryAfter)
        } else setError(e)
      }
    }
    let timer = window.setTimeout(() => void send(), 300) // taps that follow each other go together
    const online = () => setTurn((n) => n + 1)
    window.addEventListener('online', online)
    return () => {
      ended.abort()
      window.clearTimeout(timer)
      window.removeEventListener('online', online)
    }
  }, [waiting, turn, error, muster, change, cache])
  return {
    waiting,
    safe,
    strange,
    error,
    has: (person: string) => waiting.some((x) => x.person === person),
    again: () => setError(undefined),
    full: waiting.length >= waitingMost,
    tick: (person: string, word: MusterTick['word']) =>
      change((was) => (was.length >= waitingMost ? was : [...was, tickOf(person, word)])),
  }
}
