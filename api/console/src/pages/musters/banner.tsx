// Musters that are open, on every page: whoever sees it can help to look.

import { Button } from '@mantine/core'
import { IconUsersGroup } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from 'react-router'
import { call } from '../../api/client'
import { useT } from '../../i18n'
import { useFormat, useNow, useSchoolParam, useSession } from '../../session'
import { byName } from './parts'

export function MusterBanner() {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const school = useSchoolParam()
  const now = useNow(10_000)
  const at = useLocation().pathname
  const list = useQuery({
    queryKey: ['musters', 'open', school],
    queryFn: ({ signal }) => call('/v1/musters', { query: { school, limit: 10 }, signal }),
    refetchInterval: 15_000,
    enabled: can('sightings:read'),
  })
  const open = (list.data?.items ?? []).filter((m) => !m.closed && at !== `/musters/${m.id}`)
  return (
    <>
      {open.map((m) => (
        <div
          key={m.id}
          className="banner"
          data-tone={m.drill ? 'blue' : 'red'}
          role={m.drill ? 'status' : 'alert'}
          data-testid="muster-banner">
          <span className="banner-text">
            <IconUsersGroup size={20} aria-hidden />
            <span>
              <strong>{t(m.drill ? 'musters.titleDrill' : 'musters.title')}</strong> ·{' '}
              {t('musters.bannerSince', { age: f.ago(m.started, now), by: byName(m.by) })}
            </span>
          </span>
          <Button size="compact-sm" variant="default" component={Link} to={`/musters/${m.id}`}>
            {t('musters.help')}
          </Button>
        </div>
      ))}
    </>
  )
}
