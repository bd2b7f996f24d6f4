// The gateway's check of a text while it is typed, saving it, and the text that is not saved yet.

import type { QueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { call } from '../../api/client'
import type { Checked } from '../../api/types'

const pause = 350 // ms after the last key before the gateway checks

interface Asked {
  text: string
  school?: string
  plain_id?: string
  replaces?: boolean
}

/** What the gateway says of a text, once it has rested; the last answer stays until the next. */
export function useCheck(body: Asked) {
  const [found, setFound] = useState<{ text: string; checked?: Checked; error?: unknown }>()
  const key = JSON.stringify(body)
  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(() => {
      const asked = JSON.parse(key) as Asked
      if (!asked.text.trim()) return setFound(undefined)
      call('/v1/rules/check', { method: 'POST', body: asked, signal: stop.signal })
        .then((checked) => setFound({ text: asked.text, checked }))
        .catch((error: unknown) => {
          if (!stop.signal.aborted) setFound({ text: asked.text, error })
        })
    }, pause)
    return () => (clearTimeout(timer), stop.abort())
  }, [key])
  return found
}

/** Everything that is shown of rules is read anew. */
export const renewRules = (cache: QueryClient) =>
  Promise.all(['rules', 'rule', 'rule-versions'].map((k) => cache.invalidateQueries({ queryKey: [k] })))

/** What somebody has typed and not saved. */
export interface Draft {
  text: string
  enabled: boolean
  note: string
  base: number // the version that it began from
  at: string // when it was typed
}

/**
 * Keeps what is not saved in this browser, so that it outlives a closed tab; it goes when the page
 * is left on purpose, and when it is saved. Returns what was left there before.
 */
export function useDraft(key: string, now: Draft | undefined): { left?: Draft; forget: () => void } {
  const [left] = useState(() => read(key))
  const keep = useRef(now)
  keep.current = now
  const text = now && JSON.stringify([now.text, now.enabled, now.note])
  useEffect(() => {
    if (text === undefined) return localStorage.removeItem(key)
    const timer = setTimeout(() => {
      const kept = { ...keep.current, at: new Date().toISOString() }
      try {
        localStorage.setItem(key, JSON.stringify(kept))
      } catch {
        // the browser's store is full: the page still has the text
      }
    }, pause)
    return () => clearTimeout(timer)
  }, [key, text])
  const forget = () => localStorage.removeItem(key)
  // Strict mode mounts twice: what is removed then is written again by the effect above.
  useEffect(() => () => localStorage.removeItem(key), [key])
  return { left, forget }
}

function read(key: string): Draft | undefined {
  try {
    const d = JSON.parse(localStorage.getItem(key) ?? '') as Draft
    return typeof d.text === 'string' ? d : undefined
  } catch {
    return undefined
  }
}
