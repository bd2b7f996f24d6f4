// Who brought an alert into its state: not always the person who handles it.

import type { Alert } from '../api/types'

/** The name of the person who brought it into its state; empty if unknown or nobody did. */
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
