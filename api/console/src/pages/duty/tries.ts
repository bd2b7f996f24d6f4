// How people are told, in words: "Browser, E-mail; not read in 3 min: SMS".

import type { Try } from '../../api/types'
import type { useT } from '../../i18n'

type Say = ReturnType<typeof useT>['t']

/** How every alarm is told where a step does not say: as the gateway's documents say. */
export const usualTries: Try[] = [
  { ways: ['push', 'email'], unread_minutes: 1 },
  { ways: ['sms'], unread_minutes: 2 },
  { ways: ['voice'] },
]

export const tryWays = ['push', 'email', 'sms', 'voice'] as const

/** The tries as one sentence; those of every alarm where there are none. */
export function triesSaid(t: Say, tries: readonly Try[] | null | undefined): string {
  const all = tries?.length ? tries : usualTries
  return all
    .map((x, n) => {
      const ways = (x.ways ?? []).map((w) => t('way.' + w)).join(t('duty.tryAnd')) || '…'
      if (!n) return ways
      const wait = all[n - 1]!.unread_minutes
      return wait ? t('duty.tryUnread', { n: wait, ways }) : t('duty.tryFailed', { ways })
    })
    .join(t('duty.tryThen'))
}

/** The tries without the wait of the last one, which nothing follows. */
export function ended(tries: Try[]): Try[] {
  return tries.map((x, n) => (n < tries.length - 1 ? x : { ways: x.ways }))
}
