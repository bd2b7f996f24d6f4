// States as words with a tone.

import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import type { AlertState, AttendanceState, DeviceState, Property, Severity } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam, useSession } from '../session'
import { Tag, type Tone } from './kit'

const severityTone: Record<Severity, Tone> = {
  critical: 'red',
  major: 'orange',
  warning: 'yellow',
  info: 'blue',
}
const alertTone: Record<AlertState, Tone> = {
  open: 'red',
  acknowledged: 'blue',
  resolved: 'green',
  closed: 'gray',
}
const deviceTone: Record<DeviceState, Tone> = {
  online: 'green',
  offline: 'red',
  fault: 'orange',
  flapping: 'yellow',
  driver_down: 'violet',
  unknown: 'gray',
  disabled: 'gray',
}
const attendanceTone: Record<AttendanceState, Tone> = {
  arrived: 'green',
  late: 'yellow',
  absent: 'red',
  unknown: 'violet',
  expected: 'gray',
  left_early: 'orange',
  excused: 'blue',
  offsite_approved: 'blue',
  not_required: 'gray',
}

export function SeverityTag({ s }: { s: Severity }) {
  const { t } = useT()
  return <Tag tone={severityTone[s]}>{t('severity.' + s)}</Tag>
}
export function AlertTag({ s }: { s: AlertState }) {
  const { t } = useT()
  return (
    <Tag tone={alertTone[s]} dot>
      {t('alertState.' + s)}
    </Tag>
  )
}
export function DeviceTag({ s }: { s: DeviceState }) {
  const { t } = useT()
  return (
    <Tag tone={deviceTone[s] ?? 'gray'} dot>
      {t('deviceState.' + s)}
    </Tag>
  )
}
export function AttendanceTag({ s }: { s: AttendanceState }) {
  const { t } = useT()
  return (
    <Tag tone={attendanceTone[s] ?? 'gray'} dot>
      {t('attendanceState.' + s)}
    </Tag>
  )
}

/** The places of the selected school, with a lookup of names. */
export function usePlaces() {
  const school = useSchoolParam()
  const { school: s } = useSession()
  const q = useQuery({
    queryKey: ['places', s.id],
    queryFn: () => call('/v1/places', { query: { school: school ?? s.id } }),
    staleTime: 60_000,
  })
  const zones = q.data?.zones ?? []
  const buildings = q.data?.buildings ?? []
  const floors = q.data?.floors ?? []
  const sites = q.data?.sites ?? []
  return {
    q,
    sites,
    buildings,
    floors,
    zones,
    zone: (id: string | undefined) => zones.find((z) => z.id === id),
    /** "Science building, 2nd floor: Laboratory 3"; empty for a room that is not known. */
    address: (id: string | undefined) => {
      const z = zones.find((x) => x.id === id)
      if (!z) return ''
      const house = [buildings.find((b) => b.id === z.building), floors.find((x) => x.id === z.floor)]
      return `${house.flatMap((x) => x?.name ?? []).join(', ')}: ${z.name}`
    },
    zoneName: (id: string | undefined) => (id ? (zones.find((z) => z.id === id)?.name ?? id) : '–'),
    options: buildings
      .map((b) => ({
        group: [sites.length > 1 ? sites.find((x) => x.id === b.site)?.name : '', b.name]
          .filter(Boolean)
          .join(' · '),
        items: zones.filter((z) => z.building === b.id).map((z) => ({ value: z.id, label: z.name })),
      }))
      .filter((g) => g.items.length > 0),
  }
}

/** All profiles, with names and units of properties. */
export function useProfiles() {
  const { can } = useSession()
  const f = useFormat()
  const q = useQuery({
    queryKey: ['profiles'],
    queryFn: () => call('/v1/profiles?limit=1000'),
    staleTime: 60_000,
    enabled: can('devices:read'),
  })
  const all = q.data?.items ?? []
  const property = (name: string, profile?: string): Property | undefined => {
    const own = all.find((p) => p.id === profile)?.properties?.[name]
    return own ?? (profile ? undefined : all.map((p) => p.properties?.[name]).find(Boolean))
  }
  return {
    q,
    all,
    get: (id: string) => all.find((p) => p.id === id),
    property,
    title: (name: string, profile?: string) => {
      const p = property(name, profile)
      return f.local(p?.title, p?.title_zh) || name
    },
  }
}
