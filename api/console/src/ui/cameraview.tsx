// A camera's picture, refreshed about once a second; not a stream, and nothing is stored.

import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { APIError, picture } from '../api/client'
import { useT } from '../i18n'
import { useFormat } from '../session'
import { errorText } from './kit'

export function CameraView({ id, name, every = 1000 }: { id: string; name: string; every?: number }) {
  const { t } = useT()
  const f = useFormat()
  const q = useQuery({
    queryKey: ['snapshot', id],
    queryFn: ({ signal }) => picture(`/v1/devices/${encodeURIComponent(id)}/snapshot`, signal),
    refetchInterval: (x) => (x.state.status === 'error' ? Math.max(5000, every) : every),
    retry: false,
    gcTime: 0,
  })
  const [src, setSrc] = useState('')
  useEffect(() => {
    if (!q.data) return
    const url = URL.createObjectURL(q.data)
    setSrc(url)
    // The previous picture must stay valid until this one is displayed.
    return () => void setTimeout(() => URL.revokeObjectURL(url), 2000)
  }, [q.data])
  // The camera's own reason is more specific.
  const why =
    q.error instanceof APIError && q.error.message ? q.error.message : q.error ? errorText(q.error, t) : ''
  return (
    <div className="view">
      {src ? (
        <img src={src} alt={t('camera.pictureOf', { name })} />
      ) : (
        <div className="view-wait">{why || t('camera.waiting')}</div>
      )}
      {src && q.isError && (
        <div className="view-note" role="status">
          {t('camera.stale', { at: f.clock(new Date(q.dataUpdatedAt).toISOString()) })} {why}
        </div>
      )}
    </div>
  )
}
