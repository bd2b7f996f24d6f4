// The requests for leave that wait for one's own answer: the page and its count in the navigation.

import { useQuery } from '@tanstack/react-query'
import { call } from './api/client'
import { useSchoolParam, useSession } from './session'

/** The requests that wait for the caller's answer, looked at once a minute. */
export function useMine() {
  const { can } = useSession()
  const school = useSchoolParam()
  return useQuery({
    queryKey: ['leave-requests', 'mine', school],
    queryFn: () => call('/v1/leave-requests', { query: { mine: true, school }, quiet: true }),
    enabled: can('attendance:write'),
    refetchInterval: 60_000,
  })
}
