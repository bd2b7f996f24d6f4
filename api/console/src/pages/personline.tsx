// A person's day, in the order of time: where they were seen, the answers with their reasons, leave and
// corrections. Each look is audited, so it is fetched when it is asked for.

import { ActionIcon, Button, Group, Text, TextInput } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import type { LineEntry } from '../api/types'
import { useT } from '../i18n'
import { dayAfter, dayIn } from '../lib/format'
import { useFormat, useSession } from '../session'
import { Empty, Loaded, Panel, Tag } from '../ui/kit'
import { AttendanceTag, usePlaces } from '../ui/states'
import { codeWord } from '../ui/words'
import { byName } from './musters/parts'

const dayBegins = 4 * 3600_000 // after midnight, in milliseconds

export function PersonLine({ id, reason }: { id: string; reason: string }) {
  const { t } = useT()
  const { school } = useSession()
  const today = dayIn(school.timezone, Date.now() - dayBegins)
  const [date, setDate] = useState('')
  const q = useQuery({
    queryKey: ['person-line', id, date],
    queryFn: ({ signal }) =>
      call(`/v1/people/${encodeURIComponent(id)}/line`, { query: { date, reason }, signal }),
    enabled: date !== '',
    staleTime: Infinity, // each fetch is audited: fetch once
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  return (
    <Panel title={t('line.title')}>
      {date === '' ? (
        <Button variant="default" data-testid="line-open" onClick={() => setDate(today)}>
          {t('line.open')}
        </Button>
      ) : (
        <>
          <Group gap="xs" mb="sm">
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={t('line.before')}
              onClick={() => setDate(dayAfter(date, -1))}>
              <IconChevronLeft size={18} aria-hidden />
            </ActionIcon>
            <TextInput
              type="date"
              aria-label={t('line.date')}
              value={date}
              max={today}
              onChange={(e) => e.currentTarget.value && setDate(e.currentTarget.value)}
            />
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={t('line.after')}
              disabled={date >= today}
              onClick={() => setDate(dayAfter(date, 1))}>
              <IconChevronRight size={18} aria-hidden />
            </ActionIcon>
          </Group>
          <Loaded q={q}>
            {(d) =>
              d.entries.length === 0 ? (
                <Empty title={t('line.none')} />
              ) : (
                <>
                  {d.cut && <Text size="sm">{t('line.cut')}</Text>}
                  <ol className="plain line" aria-label={t('line.title')}>
                    {d.entries.map((e, i) => (
                      <Entry key={i} e={e} date={date} />
                    ))}
                  </ol>
                </>
              )
            }
          </Loaded>
        </>
      )}
    </Panel>
  )
}

function Entry({ e, date }: { e: LineEntry; date: string }) {
  const { t } = useT()
  const f = useFormat()
  const { school } = useSession()
  const places = usePlaces()
  const at = dayIn(school.timezone, Date.parse(e.at)) === date ? f.clock(e.at, false) : f.moment(e.at, false)
  const session = e.session ? f.local(e.name, e.name_zh) || t('sessionKind.' + e.kind) : ''
  return (
    <li data-what={e.what}>
      <Text size="sm" component="div">
        <time dateTime={e.at}>{at}</time>{' '}
        {e.what === 'seen' && (
          <>
            {e.zone ? places.zoneName(e.zone) : t('line.somewhere')}
            {e.direction && ` · ${t('direction.' + e.direction)}`}
            {e.late && ` · ${t('line.late')}`}
          </>
        )}
        {e.what === 'answer' && (
          <>
            <b>{session}</b> {e.state && <AttendanceTag s={e.state} />}
            {e.zone && ` ${places.zoneName(e.zone)}`}
            {!e.final && ` · ${t('attendance.provisional')}`}
          </>
        )}
        {e.what === 'correction' && (
          <>
            <Tag tone="violet">{t('line.correction')}</Tag> {session}{' '}
            {e.state && <AttendanceTag s={e.state} />}
          </>
        )}
        {e.what === 'leave' && (
          <>
            <Tag tone="blue">{t(e.offsite ? 'line.offsite' : 'line.leave')}</Tag>{' '}
            {e.until && t('line.until', { time: f.moment(e.until, false) })}
          </>
        )}
      </Text>
      {(e.reasons?.length ?? 0) > 0 && (
        <Text size="sm" c="dimmed">
          {(e.reasons ?? []).map((r) => codeWord(t, 'attendanceReason', r)).join('; ')}
        </Text>
      )}
      {(e.said || e.by) && (
        <Text size="sm" c="dimmed">
          {[e.said, byName(e.by)].filter(Boolean).join(' · ')}
        </Text>
      )}
    </li>
  )
}
