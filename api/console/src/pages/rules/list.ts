// Every rule that the caller sees, in one answer.

import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client'
import type { Rule } from '../../api/types'
import { useSchoolParam } from '../../session'

const pages = 10 // of a thousand rules; a district of 106 schools that each write forty has half of it

/** The page of a rule. */
export const pageOf = (id: string) => '/rules/kept/' + encodeURIComponent(id)

/** Whose rules there are: the school's own, of schools above, of the gateway's files. */
export const origins = ['own', 'above', 'file'] as const

export const originOf = (r: Rule) => (r.origin === 'file' ? 'file' : r.mine ? 'own' : 'above')

export function useRules() {
  const school = useSchoolParam()
  return useQuery({
    queryKey: ['rules', school],
    queryFn: async ({ signal }) => {
      const items: Rule[] = []
      let cursor: string | undefined
      for (let n = 0; n < pages; n++) {
        const page = await call('/v1/rules', { query: { school, limit: 1000, cursor }, signal })
        items.push(...page.items)
        cursor = page.next
        if (!cursor) break
      }
      return { items, more: !!cursor }
    },
    refetchInterval: 30_000, // a district's rule is no event of the schools below
  })
}
