// Where something is: in words, on the plan of its floor, and in the picture of the nearest camera.

import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../api/client'
import type { Severity, Whereabouts } from '../api/types'
import { useT } from '../i18n'
import { useSession } from '../session'
import { CameraView } from './cameraview'
import { PlanMark } from './plan'

interface Props {
  zone?: string
  device?: string
  deviceName?: string
  severity?: Severity
}

/** Whereabouts of a zone or device; of neither there is nothing to ask. */
export function useWhereabouts({ zone, device }: { zone?: string; device?: string }) {
  const { can } = useSession()
  return useQuery({
    queryKey: ['whereabouts', zone ?? '', device ?? ''],
    queryFn: ({ signal }) => call('/v1/whereabouts', { query: { zone, device }, signal }),
    enabled: can('devices:read') && !!(zone || device),
    staleTime: 60_000,
    retry: false,
  })
}

/** "Main campus · Science building · 2nd floor · Laboratory 3" */
export function WhereWords({ w }: { w: Whereabouts }) {
  return <>{[w.site_name, w.building_name, w.floor?.name, w.zone_name].filter(Boolean).join(' · ')}</>
}

/** The floor's plan with the room marked in it, and the device. */
function planLink(w: Whereabouts, device?: string): string {
  const marked = new URLSearchParams({ room: w.zone, ...(device ? { device } : {}) })
  return `/plans/${w.floor?.id}?${marked}`
}

export function WhereIs(p: Props) {
  const { t } = useT()
  const { can } = useSession()
  const w = useWhereabouts(p).data
  if (!w) return null
  const plan = w.floor?.plan
  const camera = w.camera && can('camera:view') ? w.camera : undefined
  return (
    <div className="whereis" data-testid="whereis">
      <Text size="sm" fw={600}>
        <WhereWords w={w} />
      </Text>
      {!plan && !camera && (
        <Text size="sm" c="dimmed">
          {t('plan.noView')}
        </Text>
      )}
      <div className="whereis-views">
        {plan && w.floor && (
          <figure>
            <PlanMark
              floor={w.floor}
              room={w.zone_name}
              area={w.area}
              device={p.device ? { id: p.device, name: p.deviceName || p.device } : undefined}
              spot={w.spot}
              severity={p.severity}
            />
            <figcaption>
              <Link to={planLink(w, p.device)}>{t('plan.open')}</Link>
              {!w.area && !w.spot && ` · ${t('plan.notMarked')}`}
            </figcaption>
          </figure>
        )}
        {camera && (
          <figure>
            <Link to={`/cameras/${camera.id}`} className="whereis-camera">
              <CameraView id={camera.id} name={camera.name} every={3000} />
            </Link>
            <figcaption>
              {camera.name} · {t('plan.near.' + camera.near)}
            </figcaption>
          </figure>
        )}
      </div>
    </div>
  )
}
