import { afterEach, expect, test, vi } from 'vitest'
import { EventParser, openStream, type StreamEvent, type StreamState } from './stream'

afterEach(() => void vi.useRealTimers())

test('events survive any cut of the stream', () => {
  const text =
    ': hello\r\nid: 7\r\nevent: alert\r\ndata: {"a":1}\r\n\r\nid: 8\ndata: x\ndata: y\n\n: beat\n\ndata:z\r\r'
  const want: StreamEvent[] = [
    { id: '7', event: 'alert', data: '{"a":1}' },
    { id: '8', event: 'message', data: 'x\ny' },
  ]
  for (let size = 1; size <= text.length; size++) {
    const p = new EventParser()
    const got: StreamEvent[] = []
    for (let i = 0; i < text.length; i += size) got.push(...p.feed(text.slice(i, i + size)))
    // The last event ends in a lone CR, which may be half of a CRLF until more arrives.
    expect(got, `chunks of ${size}`).toEqual(want)
    expect(p.feed('\n')).toEqual([{ id: '8', event: 'message', data: 'z' }])
  }
})

test('a field that is no field is passed over', () => {
  const p = new EventParser()
  expect(p.feed('nonsense\nretry: 300\nretry: x\nid: a\0b\ndata\n\n')).toEqual([
    { id: '', event: 'message', data: '' },
  ])
  expect(p.retry).toBe(300)
})

function body(...chunks: string[]): Response {
  const e = new TextEncoder()
  return new Response(
    new ReadableStream({
      start(c) {
        for (const x of chunks) c.enqueue(e.encode(x))
        c.close()
      },
    }),
  )
}

test('a broken stream is resumed from the last id, and its states are told', async () => {
  const asked: (string | undefined)[] = []
  const events: string[] = []
  const states: StreamState[] = []
  const opens: boolean[] = []
  const answers = [
    () => body('id: 41\nevent: alert\ndata: one\n\nid: 42\nevent: alert\ndata: two\n\ndata: cut o'),
    () => Promise.reject(new TypeError('no network')),
    () => new Response('no', { status: 503 }),
    () => body('id: 43\nevent: alert\ndata: three\n\n'),
  ]
  const pauses: number[] = []
  await new Promise<void>((finish) => {
    const stop = openStream({
      url: '/v1/stream',
      onEvent: (e) => events.push(`${e.id} ${e.data}`),
      onState: (s) => states.push(s),
      onOpen: (resumed) => opens.push(resumed),
      fetch: (async (_: string, init: RequestInit) => {
        asked.push((init.headers as Record<string, string>)['Last-Event-ID'])
        return answers.shift()!()
      }) as unknown as typeof fetch,
      wait: async (ms) => {
        pauses.push(ms)
        if (answers.length === 0) {
          stop()
          finish()
        }
      },
    })
  })
  expect(events).toEqual(['41 one', '42 two', '43 three'])
  expect(asked).toEqual([undefined, '42', '42', '42'])
  expect(states).toEqual(['connecting', 'live', 'lost', 'lost', 'lost', 'live', 'lost'])
  expect(opens).toEqual([false, true])
  expect(pauses).toEqual([500, 1000, 2000, 500])
})

test('a silent connection counts as lost', async () => {
  const states: StreamState[] = []
  await new Promise<void>((finish) => {
    const stop = openStream({
      url: '/v1/stream',
      silence: 20,
      onEvent: () => {},
      onOpen: () => {},
      onState: (s) => states.push(s),
      fetch: (async (_: string, init: RequestInit) =>
        new Response(
          new ReadableStream({
            start(c) {
              init.signal!.addEventListener('abort', () => c.error(new Error('aborted')))
            },
          }),
        )) as unknown as typeof fetch,
      wait: async () => {
        stop()
        finish()
      },
    })
  })
  expect(states).toEqual(['connecting', 'live', 'lost'])
})

// A gateway that is stopped, or a cable that is pulled, leaves the connection open and sends
// nothing.
test('a frozen gateway is told within ten seconds, and so is its waking', async () => {
  vi.useFakeTimers()
  const states: [number, StreamState][] = []
  const began = Date.now()
  let heard = 0
  let gateway!: ReadableStreamDefaultController<Uint8Array>
  const beat = () => gateway.enqueue(new TextEncoder().encode(': alive\nid: 7\n\n'))
  const stop = openStream({
    url: '/v1/stream',
    onEvent: () => {},
    onOpen: () => {},
    onHeard: () => heard++,
    onState: (s) => states.push([Math.round((Date.now() - began) / 1000), s]),
    fetch: (async (_: string, init: RequestInit) =>
      new Response(
        new ReadableStream<Uint8Array>({
          start(c) {
            gateway = c
            init.signal!.addEventListener('abort', () => c.error(new Error('aborted')))
          },
        }),
      )) as unknown as typeof fetch,
  })
  await vi.advanceTimersByTimeAsync(0)
  for (let i = 0; i < 12; i++) {
    beat()
    await vi.advanceTimersByTimeAsync(5_000)
  }
  expect(states).toEqual([
    [0, 'connecting'],
    [0, 'live'],
  ])
  expect(heard).toBe(12)
  await vi.advanceTimersByTimeAsync(10_000) // no byte since the last heartbeat, 15 s ago
  beat()
  await vi.advanceTimersByTimeAsync(1_000)
  await vi.advanceTimersByTimeAsync(25_000) // frozen once more
  stop()
  expect(states.slice(2)).toEqual([
    [63, 'quiet'],
    [70, 'live'],
    [78, 'quiet'],
    [90, 'lost'],
    [91, 'live'],
  ])
})
