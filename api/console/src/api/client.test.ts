import { afterEach, expect, test, vi } from 'vitest'
import { APIError, call, signedOut, signOut } from './client'
import { change } from './change'
import { signInIsBack, whenSignedOut } from './signin'

afterEach(() => {
  signInIsBack()
  vi.unstubAllGlobals()
})

const refused = () =>
  new Response(JSON.stringify({ code: 'unauthenticated', detail: 'sign in' }), { status: 401 })
const keyOf = (r: RequestInit) => (r.headers as Record<string, string>)['Idempotency-Key']

test('reading waits for somebody to sign in again, and is then done', async () => {
  let signedIn = false
  let asked = 0
  whenSignedOut(() => (asked++, true))
  vi.stubGlobal('fetch', async () => (signedIn ? new Response('{"ok":true}') : refused()))
  const answer = call('/v1/alerts')
  await vi.waitFor(() => expect(asked).toBe(1))
  signedIn = true
  signInIsBack()
  expect(await answer).toEqual({ ok: true })
})

test('a deed is refused, is not done by itself later, and keeps its key when it is repeated', async () => {
  const keys: string[] = []
  const answers = [refused(), new Response('{"id":"p1"}')]
  whenSignedOut(() => true)
  vi.stubGlobal('fetch', async (_: string, r: RequestInit) => (keys.push(keyOf(r)), answers.shift()!))
  const deed = () => call('/v1/people', { method: 'POST', body: { kind: 'student', name: 'Li Ming' } })
  await expect(deed()).rejects.toMatchObject({
    status: 401,
    code: 'unauthenticated',
  } satisfies Partial<APIError>)
  signInIsBack()
  expect(keys).toHaveLength(1)
  expect(await deed()).toEqual({ id: 'p1' })
  expect(keys[1]).toBe(keys[0])
})

test('a change that reads first is one deed: it is not done by itself after signing in', async () => {
  const sent: string[] = []
  whenSignedOut(() => true)
  vi.stubGlobal(
    'fetch',
    async (_: string, r: RequestInit) => (
      sent.push(r.method!),
      sent.length === 1 ? refused() : new Response('{"name":"a"}')
    ),
  )
  await expect(change('/v1/zones/z', { name: 'a' }, { name: 'b' })).rejects.toMatchObject({ status: 401 })
  signInIsBack()
  await Promise.resolve()
  expect(sent).toEqual(['GET'])
  await change('/v1/zones/z', { name: 'a' }, { name: 'b' })
  expect(sent).toEqual(['GET', 'GET', 'PATCH'])
})

test('before anybody signed in nothing waits', async () => {
  whenSignedOut(() => false)
  vi.stubGlobal('fetch', async () => refused())
  await expect(call('/v1/me')).rejects.toMatchObject({ status: 401 })
})

test('what waits for a sign-in ends when the page that asked is left', async () => {
  whenSignedOut(() => true)
  vi.stubGlobal('fetch', async () => refused())
  const stop = new AbortController()
  const answer = call('/v1/alerts', { signal: stop.signal })
  stop.abort()
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
})

test('who signs out breaks off what is being read, and nothing is asked until the pages are gone', async () => {
  const asked: string[] = []
  let answer = (_: Response) => {}
  vi.stubGlobal('fetch', (path: string, r: RequestInit) => {
    asked.push(`${r.method} ${path}`)
    return new Promise<Response>((done, fail) => {
      if (r.method === 'DELETE') answer = done
      r.signal?.addEventListener('abort', () => fail(r.signal!.reason))
    })
  })
  const ended = vi.fn()
  void call('/v1/alerts').then(ended, ended)
  const gone = signOut()
  void call('/v1/zones').then(ended, ended)
  answer(new Response(null, { status: 204 }))
  await gone
  void call('/v1/places').then(ended, ended)
  expect(asked).toEqual(['GET /v1/alerts', 'DELETE /v1/session'])
  expect(ended).not.toHaveBeenCalled()

  signedOut()
  vi.stubGlobal('fetch', async () => new Response('{"needed":false}'))
  expect(await call('/v1/setup')).toEqual({ needed: false })
})

test('a read that its caller breaks off says so', async () => {
  vi.stubGlobal(
    'fetch',
    (_: string, r: RequestInit) =>
      new Promise((_done, fail) => r.signal!.addEventListener('abort', () => fail(r.signal!.reason))),
  )
  const caller = new AbortController()
  const answer = call('/v1/alerts', { signal: caller.signal })
  caller.abort()
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
})
