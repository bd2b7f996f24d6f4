// Second factors as the gateway's API tells of them.

import type { Me, Role } from './types'

export interface SignedIn extends Me {
  step?: 'factor' | 'enrol'
  ticket?: string
  factors?: string[]
  recovery_codes?: string[]
  passkeys?: Passkeys
}

/** Whether passkeys work at this gateway. */
export interface Passkeys {
  work: boolean
  origin?: string // where the console has to be open
  rp_id?: string
  reason?: string
}

export interface PasskeyID {
  id: string
  transports?: string[]
}

/** PublicKeyCredentialCreationOptionsJSON, as far as it is read here. */
export interface PasskeyCreation {
  challenge: string
  timeout: number
  rp: { id: string; name: string }
  user: { id: string; name: string; displayName: string }
  pubKeyCredParams: { type: 'public-key'; alg: number }[]
  excludeCredentials?: PasskeyID[]
  authenticatorSelection: AuthenticatorSelectionCriteria
  attestation?: AttestationConveyancePreference
}

/** PublicKeyCredentialRequestOptionsJSON, as far as it is read here. */
export interface PasskeyRequest {
  challenge: string
  timeout: number
  rpId: string
  allowCredentials: PasskeyID[]
  userVerification: UserVerificationRequirement
}

export interface MakePasskey {
  making: string
  options: PasskeyCreation
}

export interface ShowPasskey {
  options: PasskeyRequest
}

export interface Factor {
  id: string
  kind: 'totp' | 'passkey'
  name: string
  created: string
  used?: string
  rp_id?: string
  copied?: boolean
}

export interface FactorState {
  user: string
  factors: Factor[]
  recovery_left: number
  required: boolean
  passkeys?: Passkeys
}

export interface NewTOTP {
  factor: string
  secret: string
  uri: string
  qr: string
}

export interface FactorRoles {
  roles: Role[]
}
