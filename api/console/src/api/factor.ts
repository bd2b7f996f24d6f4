// Second factors as the gateway's API tells of them.

import type { Me, Role } from './types'

export interface SignedIn extends Me {
  step?: 'factor' | 'enrol'
  ticket?: string
  factors?: string[]
  recovery_codes?: string[]
}

export interface Factor {
  id: string
  kind: 'totp' | 'passkey'
  name: string
  created: string
  used?: string
}

export interface FactorState {
  user: string
  factors: Factor[]
  recovery_left: number
  required: boolean
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
