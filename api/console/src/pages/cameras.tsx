// Cameras: a wall of pictures, and one camera with what it recognised beside it.

import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router'
import { call } from '../api/client'
import { useT } from '../i18n'
import { reasonText } from '../lib/reason'
import { useSchoolParam, useSession } from '../session'
import { CameraView } from '../ui/cameraview'
import { Empty, Loaded, Page, Panel } from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { SightingLine } from '../ui/sightings'
import { DeviceTag, usePlaces } from '../ui/states'

export function CamerasPage() {
  const { t } = useT()
  const school = useSchoolParam()
  const places = usePlaces()
  // Twelve pictures are as many as a person can watch, and limit the load on the gateway.
  const list = usePaged('devices', '/v1/devices', { type: 'camera', school }, { limit: 12, every: 10_000 })
  return (
    <Page title={t('nav.cameras')} sub={t('camera.sub')}>
      <PagedList
        list={list}
        empty={
          <Panel>
            <Empty title={t('camera.none')} hint={t('camera.noneHint')} />
          </Panel>
        }>
        {(rows) => (
          <div className="cameras">
            {rows.map((d) => (
              <Link key={d.id} to={`/cameras/${d.id}`} className="cam">
                <CameraView id={d.id} name={d.name} every={3000} />
                <div className="cam-line">
                  <span>
                    {d.name}
                    <span className="cam-zone"> · {places.zoneName(d.zone)}</span>
                  </span>
                  <span title={reasonText(d.twin, t)}>
                    <DeviceTag s={d.enabled ? d.twin.state : 'disabled'} />
                  </span>
                </div>
              </Link>
            ))}
          </div>
        )}
      </PagedList>
    </Page>
  )
}

export function CameraPage() {
  const { id = '' } = useParams()
  const { t } = useT()
  const { can } = useSession()
  const places = usePlaces()
  const q = useQuery({
    queryKey: ['device', id],
    queryFn: () => call(`/v1/devices/${encodeURIComponent(id)}`),
    refetchInterval: 5000,
  })
  return (
    <Loaded q={q}>
      {(d) => (
        <Page
          title={d.name || d.id}
          sub={
            <>
              <DeviceTag s={d.enabled ? d.twin.state : 'disabled'} /> {places.zoneName(d.zone)} ·{' '}
              <Link to={`/fleet/${d.id}`}>{t('camera.toDevice')}</Link>
            </>
          }>
          <div className="camera">
            <Panel flush label={t('device.view')}>
              <CameraView id={d.id} name={d.name} />
            </Panel>
            {can('sightings:read') && <Latest id={d.id} />}
          </div>
        </Page>
      )}
    </Loaded>
  )
}

function Latest({ id }: { id: string }) {
  const { t } = useT()
  const q = useQuery({
    queryKey: ['sightings', 'latest', id],
    queryFn: ({ signal }) => call('/v1/sightings', { query: { device: id, limit: 25 }, signal }),
    refetchInterval: 10_000,
  })
  return (
    <Panel title={t('camera.latest')} flush>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <>
              {d.items.map((s) => (
                <SightingLine key={s.id} s={s} />
              ))}
            </>
          ) : (
            <Empty title={t('sighting.none')} hint={t('sighting.noneHint')} />
          )
        }
      </Loaded>
    </Panel>
  )
}
