// What the school has that a rule can name.

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { call } from '../../api/client'
import { unitText } from '../../lib/format'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { usePlaces, useProfiles } from '../../ui/states'
import type { Known, Word } from './complete'
import { useRules } from './list'

/** The school's devices, up to a thousand. */
export function useDevices() {
  const { can } = useSession()
  const school = useSchoolParam()
  return useQuery({
    queryKey: ['devices', 'for-rules', school],
    enabled: can('devices:read'),
    queryFn: () => call('/v1/devices', { query: { school, limit: 1000 } }),
    staleTime: 60_000,
  })
}

function useProcedures() {
  const { school } = useSession()
  return useQuery({
    queryKey: ['procedures', 'for-rules', school.id],
    queryFn: () => call('/v1/procedures', { query: { school: school.id, limit: 1000 } }),
    staleTime: 60_000,
  })
}

export function useKnown(): Known {
  const f = useFormat()
  const places = usePlaces()
  const profiles = useProfiles()
  const devices = useDevices()
  const rules = useRules()
  const procedures = useProcedures()
  return useMemo(() => {
    const properties = new Map<string, Word>()
    const events = new Map<string, Word>()
    const actions = new Map<string, Word>()
    for (const p of profiles.all) {
      for (const [word, x] of Object.entries(p.properties ?? {}))
        properties.set(word, {
          word,
          says: [f.local(x.title, x.title_zh), unitText(x.unit)].filter(Boolean).join(', '),
        })
      for (const [word, x] of Object.entries(p.events ?? {}))
        events.set(word, { word, says: f.local(x.title, x.title_zh) })
      for (const [word, x] of Object.entries(p.actions ?? {}))
        actions.set(word, { word, says: f.local(x.title, x.title_zh) })
    }
    const device = (devices.data?.items ?? []).map((d) => ({ word: d.id, says: d.name }))
    return {
      property: [...properties.values()],
      ...(events.size > 0 && { kind: [...events.values()] }),
      action: [...actions.values()],
      profile: profiles.all.map((p) => ({ word: p.id, says: f.local(p.title, p.title_zh) })),
      driver: [...new Set((devices.data?.items ?? []).map((d) => d.driver))].map((word) => ({ word })),
      zone: places.zones.map((z) => ({ word: z.id, says: z.name })),
      building: places.buildings.map((b) => ({ word: b.id, says: b.name })),
      device,
      procedure: (procedures.data?.items ?? []).map((x) => ({
        word: x.id,
        says: f.local(x.title, x.title_zh),
      })),
      rule: (rules.data?.items ?? []).map((r) => ({ word: r.plain_id, says: f.local(r.title, r.title_zh) })),
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [profiles.q.data, places.q.data, devices.data, rules.data, procedures.data, f])
}
