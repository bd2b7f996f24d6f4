// The one place that talks HTTP to the gateway: cookie sign-in, CSRF header, problem details.

export interface FieldError { field: string; message: string }

/** What the gateway answered instead of a result (RFC 9457), or why there was no answer. */
export class APIError extends Error {
  constructor(
    readonly status: number, // 0: no answer at all
    readonly code: string,
    detail: string,
    readonly fields: FieldError[] = [],
    readonly requestID = '',
  ) {
    super(detail)
    this.name = 'APIError'
  }
}

let csrf = ''
let onSignedOut: () => void = () => {}

export function setCSRF(token: string) {
  csrf = token
}

/** Tells whoever shows the console that a request was refused for want of a sign-in. */
export function whenSignedOut(f: () => void) {
  onSignedOut = f
}

export interface Request {
  method?: string
  body?: unknown // sent as JSON, unless it is a Blob or a string
  type?: string // content type of a Blob or string body
  signal?: AbortSignal
  quiet?: boolean // a 401 does not end the sign-in
}

/** Builds "?a=1&b=2", leaving out what is empty. */
export function query(params: Record<string, string | number | boolean | undefined | null>): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(params)) {
    if (v !== undefined && v !== null && v !== '' && v !== false) q.set(k, String(v))
  }
  const s = q.toString()
  return s ? '?' + s : ''
}

async function send(path: string, r: Request): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  const method = r.method ?? 'GET'
  let body: BodyInit | undefined
  if (r.body !== undefined) {
    const raw = typeof r.body === 'string' || r.body instanceof Blob
    body = raw ? (r.body as BodyInit) : JSON.stringify(r.body)
    headers['Content-Type'] = raw ? (r.type ?? 'application/octet-stream') : 'application/json'
  }
  if (method !== 'GET') {
    headers['X-Gatehouse-CSRF'] = csrf
    if (method === 'POST') headers['Idempotency-Key'] = newKey()
  }
  try {
    return await fetch(path, { method, headers, body, signal: r.signal, credentials: 'same-origin', cache: 'no-store' })
  } catch (e) {
    if (r.signal?.aborted) throw e
    throw new APIError(0, 'unreachable', '')
  }
}

/** Reads a refusal in whatever shape it came. */
export async function problem(res: Response): Promise<APIError> {
  let p: { code?: string; detail?: string; title?: string; request_id?: string; errors?: unknown } = {}
  try {
    p = await res.json()
  } catch {
    // not JSON: a proxy's page, or nothing
  }
  const fields = Array.isArray(p.errors)
    ? p.errors
        .map((e: { field?: string; location?: string; message?: string }) => ({
          field: String(e.field ?? e.location ?? '').replace(/^body\./, ''),
          message: String(e.message ?? ''),
        }))
        .filter((e) => e.message)
    : []
  return new APIError(res.status, p.code ?? String(res.status), p.detail ?? p.title ?? res.statusText, fields, p.request_id ?? '')
}

async function checked(path: string, r: Request): Promise<Response> {
  const res = await send(path, r)
  if (res.ok) return res
  const err = await problem(res)
  if (res.status === 401 && !r.quiet) onSignedOut()
  throw err
}

/** Sends a request and reads the JSON answer; an empty answer is undefined. */
export async function call<T>(path: string, r: Request = {}): Promise<T> {
  const res = await checked(path, r)
  const text = await res.text()
  return (text ? JSON.parse(text) : undefined) as T
}

/** Fetches a picture. */
export async function picture(path: string, signal?: AbortSignal): Promise<Blob> {
  return (await checked(path, { signal })).blob()
}

function newKey(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
}
