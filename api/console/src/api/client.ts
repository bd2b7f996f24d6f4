// The only module that makes HTTP requests to the gateway: cookie sign-in, CSRF header, problem
// details.

import type { Answer, Body, Query, Verb } from './paths'
import { signInEnded } from './signin'

export interface FieldError {
  field: string
  message: string
  reason?: string // code of the problem, where the operation lists codes
  have?: number // numbers for the code
  need?: number
}

/** Details of a refusal: its code, and the seconds to wait. */
export interface Why {
  reason?: string
  after?: number
}

/** A question that must be answered before a face is enrolled. */
export interface Question {
  ask: string
  answers: string[]
  person?: string
  name?: string
  score: number
}

/** The gateway's error response (RFC 9457), or the reason why there was no response. */
export class APIError extends Error {
  constructor(
    readonly status: number, // 0: no response
    readonly code: string,
    detail: string,
    readonly fields: FieldError[] = [],
    readonly requestID = '',
    readonly questions: Question[] = [],
    readonly why: Why = {},
  ) {
    super(detail)
    this.name = 'APIError'
  }
}

let csrf = ''

export function setCSRF(token: string) {
  csrf = token
}

let language = ''

/** Sets the language of the gateway's error messages, which are shown unchanged. */
export function answerIn(l: string) {
  language = l
}

/** The header for that language. */
export function languageHeader(): Record<string, string> {
  return language ? { 'Accept-Language': language } : {}
}

export interface Request {
  method?: string
  body?: unknown // sent as JSON, unless it is a Blob or a string
  type?: string // content type of a Blob or string body
  signal?: AbortSignal
  match?: string // If-Match: the ETag of the state to change
  quiet?: boolean // a 401 does not end the sign-in
  deed?: boolean // part of an action, so it fails instead of waiting for another sign-in
}

// Reads that the gateway has not answered, and whether their user is leaving.
const reads = new Set<AbortController>()
let leaving = false
const left = new DOMException('the user signs out', 'AbortError')

/**
 * Ends the sign-in. Reads that are on their way are broken off first and none begins before
 * signedOut, since the gateway would refuse them; they never end, as their pages do not last longer.
 */
export async function signOut(): Promise<void> {
  leaving = true
  for (const read of reads) read.abort(left)
  await call('/v1/session', { method: 'DELETE', quiet: true })
}

/** The pages of the user who signed out are gone: reads are sent again. */
export function signedOut() {
  leaving = false
}

const never = <T>() => new Promise<T>(() => {})

// Fetches what only reads, until its caller breaks it off or the user leaves.
async function read(path: string, init: RequestInit): Promise<Response> {
  if (leaving) return never()
  const under = new AbortController()
  const stop = () => under.abort(init.signal?.reason)
  if (init.signal?.aborted) stop()
  init.signal?.addEventListener('abort', stop, { once: true })
  reads.add(under)
  try {
    return await fetch(path, { ...init, signal: under.signal })
  } catch (e) {
    if (under.signal.reason === left) return never()
    throw e
  } finally {
    reads.delete(under)
    init.signal?.removeEventListener('abort', stop)
  }
}

/** Builds "?a=1&b=2", leaving out what is empty. */
export function query(params: Readonly<Record<string, unknown>>): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(params)) {
    if (v !== undefined && v !== null && v !== '' && v !== false) q.set(k, String(v))
  }
  const s = q.toString()
  return s ? '?' + s : ''
}

async function send(path: string, r: Request): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...languageHeader() }
  const method = r.method ?? 'GET'
  let body: BodyInit | undefined
  if (r.body !== undefined) {
    const raw = typeof r.body === 'string' || r.body instanceof Blob
    body = raw ? (r.body as BodyInit) : JSON.stringify(r.body)
    headers['Content-Type'] = raw ? (r.type ?? 'application/octet-stream') : 'application/json'
  }
  if (method !== 'GET') headers['X-Gatehouse-CSRF'] = csrf
  const deed = method === 'POST' ? deedOf(path, body) : ''
  if (method === 'POST') headers['Idempotency-Key'] = deed ? keyOf(deed) : newKey()
  if (r.match) headers['If-Match'] = r.match
  try {
    const init: RequestInit = {
      method,
      headers,
      body,
      signal: r.signal,
      credentials: 'same-origin',
      cache: 'no-store',
    }
    const res = await (method === 'GET' ? read(path, init) : fetch(path, init))
    if (deed && res.status < 500 && res.status !== 409 && res.status !== 401) unanswered.delete(deed)
    return res
  } catch (e) {
    if (r.signal?.aborted) throw e
    throw new APIError(0, 'unreachable', '')
  }
}

/** Converts an error response of any form. */
export async function problem(res: Response): Promise<APIError> {
  let p: {
    code?: string
    detail?: string
    title?: string
    reason?: string
    request_id?: string
    errors?: unknown
    questions?: Question[]
  } = {}
  try {
    p = await res.json()
  } catch {
    // not JSON: a proxy's page, or nothing
  }
  const fields = Array.isArray(p.errors)
    ? p.errors
        .map((e: Partial<FieldError> & { location?: string }) => ({
          field: String(e.field ?? e.location ?? '').replace(/^body\./, ''),
          message: String(e.message ?? ''),
          ...(e.reason
            ? { reason: String(e.reason), have: Number(e.have ?? 0), need: Number(e.need ?? 0) }
            : {}),
        }))
        .filter((e) => e.message)
    : []
  return new APIError(
    res.status,
    p.code ?? String(res.status),
    p.detail ?? p.title ?? res.statusText,
    fields,
    p.request_id ?? '',
    Array.isArray(p.questions) ? p.questions : [],
    { reason: p.reason, after: Number(res.headers.get('Retry-After')) || undefined },
  )
}

async function checked(path: string, r: Request): Promise<Response> {
  for (;;) {
    const res = await send(path, r)
    if (res.ok) return res
    const err = await problem(res)
    const again = res.status === 401 && !r.quiet ? signInEnded() : undefined
    if (!again || r.deed || (r.method ?? 'GET') !== 'GET') throw err
    await orAborted(again, r.signal)
  }
}

function orAborted(wait: Promise<void>, signal?: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const stop = () => fail(signal!.reason)
    if (signal?.aborted) return stop()
    signal?.addEventListener('abort', stop, { once: true })
    void wait.then(done).finally(() => signal?.removeEventListener('abort', stop))
  })
}

/** A request to a path of the document. */
export type Asking<P extends string, M extends Verb> = Omit<Request, 'method' | 'body'> & {
  query?: Query<P, M>
  body?: Body<P, M>
} & (M extends 'GET' ? { method?: M } : { method: M })

/** Sends a request and parses the JSON response; an empty response is undefined. */
export async function call<P extends string, M extends Verb = 'GET'>(
  path: P,
  r?: Asking<P, M>,
): Promise<Answer<P, M>> {
  return ask<Answer<P, M>>(path + query(r?.query ?? {}), r)
}

/** Sends a request to a path that is only known at run time. */
export async function ask<T>(path: string, r: Request = {}): Promise<T> {
  const res = await checked(path, r)
  const text = await res.text()
  return (text ? JSON.parse(text) : undefined) as T
}

/** Reads an object with its ETag, in order to change it. */
export async function tagged<T>(
  path: string,
  r: Request = { deed: true },
): Promise<{ etag: string; body: T }> {
  const res = await checked(path, r)
  return { etag: res.headers.get('ETag') ?? '', body: (await res.json()) as T }
}

/** Fetches a picture. */
export async function picture(path: string, signal?: AbortSignal): Promise<Blob> {
  return (await checked(path, { signal })).blob()
}

// Idempotency keys of requests without a response: a repeated request reuses its key.
const unanswered = new Map<string, string>()
const maxUnanswered = 50 // the oldest is evicted

function deedOf(path: string, body: BodyInit | undefined): string {
  if (body instanceof File) return `${path} ${body.name} ${body.size} ${body.lastModified}`
  return body === undefined || typeof body === 'string' ? `${path} ${body ?? ''}` : ''
}

function keyOf(deed: string): string {
  const key = unanswered.get(deed) ?? newKey()
  unanswered.delete(deed)
  unanswered.set(deed, key)
  if (unanswered.size > maxUnanswered) unanswered.delete(unanswered.keys().next().value as string)
  return key
}

function newKey(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
}
