// What is recorded about whom, and for how long, by the current settings, for people who ask.

import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { change } from '../../api/change'
import { call, query } from '../../api/client'
import limits from '../../api/limits.json'
import { useT } from '../../i18n'
import { useSchoolParam, useSession } from '../../session'
import { LeaveAsks } from '../../ui/leaving'
import { Facts, Loaded, Panel, said, Tag, Trouble, useDeed } from '../../ui/kit'

/** What is recorded at the selected school. */
export function useRecorded() {
  const school = useSchoolParam()
  return useQuery({
    queryKey: ['recorded', school],
    queryFn: () => call('/v1/recorded', { query: { school } }),
  })
}

export function RecordedTab() {
  const { t } = useT()
  const { can } = useSession()
  const q = useRecorded()
  return (
    <Loaded q={q}>
      {(r) => (
        <div className="two">
          <div>
            <Panel title={t('recorded.known')}>
              <Text size="sm" mb="sm">
                {t('recorded.knownText')}
              </Text>
              <Facts
                items={[
                  [t('recorded.people'), String(r.people)],
                  [t('recorded.consented'), String(r.consented)],
                  [t('recorded.enrolled'), String(r.enrolled)],
                  ...(r.outdated > 0
                    ? ([[t('recorded.outdated'), String(r.outdated)]] as [string, string][])
                    : []),
                  [t('recorded.history'), t('picture.days', { n: r.history_days })],
                  [t('recorded.journal'), t('picture.days', { n: r.journal_days })],
                ]}
              />
              {r.outdated > 0 && (
                <Text size="sm" mt="sm">
                  {t('recorded.outdatedText', { done: r.enrolled, all: r.enrolled + r.outdated })}
                  {can('people:read') && (
                    <>
                      {' '}
                      <Link to="/people?photo=outdated">{t('recorded.outdatedWho')}</Link>
                    </>
                  )}
                </Text>
              )}
            </Panel>
            <Panel title={t('recorded.never')}>
              <Text size="sm">{t('recorded.neverText')}</Text>
            </Panel>
          </div>
          <Panel
            title={t('recorded.unknown')}
            actions={
              <Tag tone={r.pictures_of_unknowns ? 'orange' : undefined}>
                {t(r.pictures_of_unknowns ? 'recorded.on' : 'recorded.off')}
              </Tag>
            }>
            <Text size="sm" mb="sm">
              {r.pictures_of_unknowns
                ? t('recorded.unknownText', {
                    seconds: r.passage_seconds,
                    hours: r.picture_hours,
                    days: r.keep_max_days,
                  })
                : t('recorded.unknownOff')}
            </Text>
            <Facts
              items={[
                [t('recorded.cameras'), String(r.cameras)],
                [
                  t('recorded.hours'),
                  r.pictures_of_unknowns ? t('recorded.hoursOf', { n: r.picture_hours }) : '–',
                ],
                [t('recorded.kept'), String(r.kept_pictures)],
              ]}
            />
            {can('settings:write') && <Turn on={r.pictures_of_unknowns} />}
          </Panel>
        </div>
      )}
    </Loaded>
  )
}

function Turn({ on }: { on: boolean }) {
  const { t } = useT()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const [reason, setReason] = useState('')
  const deed = useDeed()
  const turn = () =>
    deed.run(async () => {
      await change(
        '/v1/recorded' + query({ school }),
        { pictures_of_unknowns: on },
        { pictures_of_unknowns: !on },
        { method: 'PUT', body: (patch) => ({ ...patch, reason: reason.trim() }) },
      )
      await cache.invalidateQueries({ queryKey: ['recorded'] })
      setReason('')
      said(t('common.saved'))
    })
  return (
    <form onSubmit={(e) => (e.preventDefault(), void turn())}>
      <LeaveAsks held={reason.trim() !== ''} />
      <Stack mt="md" maw={480}>
        <TextInput
          label={t('picture.reason')}
          description={t(on ? 'recorded.turnOffHelp' : 'recorded.turnOnHelp')}
          required
          maxLength={limits.PicturesInput.reason}
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
        />
        {deed.error !== undefined && <Trouble error={deed.error} />}
        <Group>
          <Button type="submit" variant="default" loading={deed.busy} disabled={!reason.trim()}>
            {t(on ? 'recorded.turnOff' : 'recorded.turnOn')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
