// The live stream: server-sent events over fetch, which also shows the heartbeat comments, so that
// a dead connection is detected. It resumes with Last-Event-ID, so that no event is lost or
// repeated.

import { languageHeader } from './client'

export interface StreamEvent {
  id: string
  event: string
  data: string
}

/** Parses an event stream (HTML standard, 9.2.6). Feed it chunks of any size. */
export class EventParser {
  private buffer = ''
  private data: string[] = []
  private event = ''
  private id = ''
  retry = 0 // ms; set by the server

  feed(chunk: string): StreamEvent[] {
    this.buffer += chunk
    const out: StreamEvent[] = []
    for (;;) {
      const m = /\r\n|\n|\r/.exec(this.buffer)
      // A lone CR at the end may be half of a CRLF: wait for more.
      if (!m || (m[0] === '\r' && m.index === this.buffer.length - 1)) return out
      const line = this.buffer.slice(0, m.index)
      this.buffer = this.buffer.slice(m.index + m[0].length)
      const e = this.line(line)
      if (e) out.push(e)
    }
  }

  private line(line: string): StreamEvent | undefined {
    if (line === '') {
      const e = { id: this.id, event: this.event || 'message', data: this.data.join('\n') }
      const empty = this.data.length === 0
      this.data = []
      this.event = ''
      return empty ? undefined : e
    }
    if (line.startsWith(':')) return undefined
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    let value = colon < 0 ? '' : line.slice(colon + 1)
    if (value.startsWith(' ')) value = value.slice(1)
    if (field === 'data') this.data.push(value)
    else if (field === 'event') this.event = value
    else if (field === 'id' && !value.includes('\0')) this.id = value
    else if (field === 'retry' && /^\d+$/.test(value)) this.retry = Number(value)
    return undefined
  }
}

/** quiet: connected, but without a byte for longer than the heartbeat interval allows. */
export type StreamState = 'connecting' | 'live' | 'quiet' | 'lost'

export interface StreamOptions {
  url: string
  onEvent: (e: StreamEvent) => void
  onState: (s: StreamState) => void
  /** After each connection, before its first event. Data loaded earlier may be stale. */
  onOpen: (resumed: boolean) => void
  onRefused?: (status: number) => void
  onHeard?: () => void // any byte: an event or a heartbeat
  quiet?: number // ms without a byte until state quiet; heartbeats come every 5 s
  silence?: number // ms without a byte until the connection counts as lost
  fetch?: typeof fetch
  wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const t = setTimeout(done, ms)
    signal.addEventListener('abort', () => (clearTimeout(t), done()), { once: true })
  })

/**
 * Keeps one stream open until the returned function is called. Back-off grows from 0.5 s to 10 s.
 */
export function openStream(o: StreamOptions): () => void {
  const stop = new AbortController()
  void run(o, stop.signal)
  return () => stop.abort()
}

async function run(o: StreamOptions, stop: AbortSignal) {
  let last = ''
  let backoff = 500
  o.onState('connecting')
  while (!stop.aborted) {
    let opened = false
    try {
      await once(
        o,
        stop,
        last,
        (id) => (last = id),
        () => (opened = true),
      )
    } catch {
      // Whatever broke it: pause, and resume from the last ID.
    }
    if (stop.aborted) return
    o.onState('lost')
    backoff = opened ? 500 : Math.min(backoff * 2, 10_000)
    await (o.wait ?? pause)(backoff, stop)
  }
}

async function once(
  o: StreamOptions,
  stop: AbortSignal,
  last: string,
  seen: (id: string) => void,
  opened: () => void,
) {
  const conn = new AbortController()
  const end = () => conn.abort()
  stop.addEventListener('abort', end, { once: true })
  let watch: ReturnType<typeof setTimeout> | undefined
  let hush: ReturnType<typeof setTimeout> | undefined
  let state: StreamState = 'connecting'
  const tell = (s: StreamState) => {
    if (s !== state) o.onState(s)
    state = s
  }
  const alive = () => {
    clearTimeout(watch)
    clearTimeout(hush)
    watch = setTimeout(end, o.silence ?? 20_000)
    hush = setTimeout(() => state === 'live' && tell('quiet'), o.quiet ?? 8_000)
  }
  try {
    alive()
    const headers: Record<string, string> = { Accept: 'text/event-stream', ...languageHeader() }
    if (last) headers['Last-Event-ID'] = last
    const res = await (o.fetch ?? fetch)(o.url, {
      headers,
      signal: conn.signal,
      credentials: 'same-origin',
      cache: 'no-store',
    })
    if (!res.ok || !res.body) {
      o.onRefused?.(res.status)
      throw new Error(`stream refused with ${res.status}`)
    }
    opened()
    o.onOpen(last !== '')
    tell('live')
    const parser = new EventParser()
    const decoder = new TextDecoder()
    const reader = res.body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      alive()
      o.onHeard?.()
      tell('live')
      for (const e of parser.feed(decoder.decode(value, { stream: true }))) {
        if (e.id) seen(e.id)
        o.onEvent(e)
      }
    }
  } finally {
    clearTimeout(watch)
    clearTimeout(hush)
    stop.removeEventListener('abort', end)
    conn.abort()
  }
}
