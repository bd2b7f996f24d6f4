// The people seen, with the scores of the match and of the runner-up.

import { Text } from '@mantine/core'
import { Link } from 'react-router'
import type { Sighting } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { Snapshot } from './alertcard'
import { Tag } from './kit'
import { usePlaces } from './states'

export function SightingLine({ s, place }: { s: Sighting; place?: boolean }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const places = usePlaces()
  const who = s.person ? s.name || s.person : t('sighting.unknown')
  return (
    <div className="sighting" data-sighting={s.id}>
      {s.media && can('camera:view') && <Snapshot media={s.media} title={who} size={56} />}
      <div style={{ minWidth: 0, flex: 1 }}>
        <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {s.person && can('people:open') ? <Link to={`/people/${s.person}`}>{who}</Link> : who}
        </Text>
        <Text size="xs" c="dimmed" component="div">
          <time dateTime={s.time}>{f.clock(s.time)}</time> · {t('method.' + s.method)}
          {s.direction && ` · ${t('direction.' + s.direction)}`}
          {place && s.zone && ` · ${places.zoneName(s.zone)}`}
          {s.replayed && ` · ${t('sighting.replayed')}`}
        </Text>
        {s.match && <Score m={s.match} />}
      </div>
      {!s.person && <Tag tone="orange">{t('sighting.unknownTag')}</Tag>}
    </div>
  )
}

function Score({ m }: { m: NonNullable<Sighting['match']> }) {
  const { t } = useT()
  const n = (x: number) => x.toFixed(3)
  return (
    <div className="score">
      {t('sighting.score', {
        score: n(m.score),
        second: m.runner_up <= -1 ? '–' : n(m.runner_up),
        margin: n(m.margin),
      })}
      {' · '}
      {t('sighting.quality', { quality: m.quality.toFixed(2), frames: m.frames })} ·{' '}
      {t('matchReason.' + m.reason, { defaultValue: m.reason })}
    </div>
  )
}
