// Passkeys: converts between the gateway's JSON and the browser's WebAuthn API, and explains
// failures.

import type { PasskeyCreation, PasskeyID, PasskeyRequest, Passkeys } from '../api/types'

/** Why the browser returned no passkey. */
export class PasskeyError extends Error {
  constructor(readonly kind: 'given_up' | 'known' | 'elsewhere' | 'unsupported' | 'other') {
    super(kind)
    this.name = 'PasskeyError'
  }
}

/**
 * Why passkeys are not possible here; undefined if they are. The gateway's reason comes first,
 * since the browser's follows from it.
 */
export function obstacle(
  p: Passkeys | undefined,
  here: string = location.origin,
  able: boolean = 'PublicKeyCredential' in window,
): string | undefined {
  if (!p) return 'passkeys_no_address'
  if (!p.work) return p.reason || 'passkeys_no_address'
  if (p.origin && p.origin !== here) return 'passkeys_other_origin'
  return able ? undefined : 'passkeys_no_browser'
}

/** Creates a passkey in the browser. */
export async function makePasskey(o: PasskeyCreation): Promise<unknown> {
  const c = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        ...o,
        challenge: bytes(o.challenge),
        user: { ...o.user, id: bytes(o.user.id) },
        excludeCredentials: ids(o.excludeCredentials),
        authenticatorSelection: o.authenticatorSelection as AuthenticatorSelectionCriteria,
        attestation: o.attestation as AttestationConveyancePreference | undefined,
        pubKeyCredParams: o.pubKeyCredParams.map((p) => ({ type: 'public-key', alg: p.alg })),
      },
    }),
  )
  const r = c.response as AuthenticatorAttestationResponse
  return {
    ...named(c),
    response: {
      clientDataJSON: text(r.clientDataJSON),
      attestationObject: text(r.attestationObject),
      transports: r.getTransports?.() ?? [],
    },
  }
}

/** Signs in with a passkey of the browser. */
export async function showPasskey(o: PasskeyRequest): Promise<unknown> {
  const c = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        ...o,
        challenge: bytes(o.challenge),
        allowCredentials: ids(o.allowCredentials),
        userVerification: o.userVerification as UserVerificationRequirement,
      },
    }),
  )
  const r = c.response as AuthenticatorAssertionResponse
  return {
    ...named(c),
    response: {
      clientDataJSON: text(r.clientDataJSON),
      authenticatorData: text(r.authenticatorData),
      signature: text(r.signature),
      ...(r.userHandle?.byteLength ? { userHandle: text(r.userHandle) } : {}),
    },
  }
}

function named(c: PublicKeyCredential) {
  return {
    id: c.id,
    rawId: text(c.rawId),
    type: c.type,
    ...(c.authenticatorAttachment ? { authenticatorAttachment: c.authenticatorAttachment } : {}),
  }
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const c = await ask()
    if (c) return c as PublicKeyCredential
  } catch (e) {
    throw new PasskeyError(kindOf(e instanceof Error ? e.name : ''))
  }
  throw new PasskeyError('given_up')
}

// The names are WebAuthn's; NotAllowedError covers cancelling, a timeout and a wrong key alike.
function kindOf(name: string): PasskeyError['kind'] {
  switch (name) {
    case 'NotAllowedError':
    case 'AbortError':
      return 'given_up'
    case 'InvalidStateError':
      return 'known'
    case 'SecurityError':
      return 'elsewhere'
    case 'NotSupportedError':
    case 'ConstraintError':
    case 'TypeError':
      return 'unsupported'
  }
  return 'other'
}

function ids(all: PasskeyID[] = []): PublicKeyCredentialDescriptor[] {
  return all.map((x) => ({
    type: 'public-key',
    id: bytes(x.id),
    ...(x.transports ? { transports: x.transports as AuthenticatorTransport[] } : {}),
  }))
}

/** Decodes base64url. */
export function bytes(s: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(s.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
}

/** Encodes base64url without padding. */
export function text(b: ArrayBuffer): string {
  return btoa(Array.from(new Uint8Array(b), (x) => String.fromCharCode(x)).join(''))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}
