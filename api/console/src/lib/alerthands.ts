// Whose deed brought an alert to where it stands: who handles one is seldom all who had a hand in it.

import type { Alert } from '../api/types'

/** The name of who brought it into its state; empty where nobody did, or it is not known. */
export function lastHand(a: Pick<Alert, 'state' | 'handler_name' | 'resolver_name' | 'closer_name'>): string {
  switch (a.state) {
    case 'acknowledged':
      return a.handler_name ?? ''
    case 'resolved':
      return a.resolver_name ?? ''
    case 'closed':
      return a.closer_name ?? ''
    default:
      return ''
  }
}
