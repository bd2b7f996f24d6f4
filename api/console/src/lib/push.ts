// Messages in this browser (W3C Push API). What the browser answers is an address of the user's own.

import { call } from '../api/client'
import type { Address } from '../api/types'

// Where this browser keeps which of the user's addresses it is.
const kept = 'push-address'

/** Why messages cannot come in this browser; undefined where they can. */
export function noPush(): 'insecure' | 'unknown' | 'denied' | undefined {
  if (!window.isSecureContext) return 'insecure'
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) return 'unknown'
  return Notification.permission === 'denied' ? 'denied' : undefined
}

/** The address that this browser is, if messages come here. */
export const pushAddress = () => localStorage.getItem(kept) ?? undefined

/** Has messages come in this browser; false where the user refuses. */
export async function pushOn(): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  const { key } = await call('/v1/me/push-key')
  await navigator.serviceWorker.register('/push.js')
  const worker = await navigator.serviceWorker.ready
  const subscription = await subscribed(worker.pushManager, bytes(key))
  const a: Address = await call('/v1/me/addresses', {
    method: 'POST',
    body: { way: 'push', value: JSON.stringify(subscription) },
  })
  localStorage.setItem(kept, a.id)
  return true
}

// A browser keeps a subscription with the key that it was made with: one with another key, of a
// channel that is gone, is ended first.
async function subscribed(push: PushManager, key: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
  const how = { userVisibleOnly: true, applicationServerKey: key }
  try {
    return await push.subscribe(how)
  } catch (e) {
    const old = await push.getSubscription()
    if (!old) throw e
    await old.unsubscribe()
    return push.subscribe(how)
  }
}

/** Ends them. Who signs out does not leave his messages to the next user of the browser. */
export async function pushOff(): Promise<void> {
  const id = pushAddress()
  localStorage.removeItem(kept)
  if (!('serviceWorker' in navigator)) return
  const worker = await navigator.serviceWorker.getRegistration('/')
  const subscription = await worker?.pushManager?.getSubscription()
  await subscription?.unsubscribe()
  if (id) await call(`/v1/me/addresses/${encodeURIComponent(id)}`, { method: 'DELETE', quiet: true })
}

/** The bytes of a base64url text without padding (RFC 4648, section 5). */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (c) => c.charCodeAt(0))
}
