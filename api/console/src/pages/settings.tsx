// Settings of the school: name, places, sessions, users, audit log.

import { Tabs } from '@mantine/core'
import { useEffect } from 'react'
import { useNavigate, useParams } from 'react-router'
import { useT } from '../i18n'
import { useSession } from '../session'
import { Page } from '../ui/kit'
import { AuditTab } from './settings/audit'
import { CalendarTab } from './settings/calendar'
import { MessagesTab } from './settings/messages'
import { PlacesTab } from './settings/places'
import { RecordedTab } from './settings/recorded'
import { PoliceTab } from './settings/police'
import { SchoolTab } from './settings/school'
import { ScreensTab } from './settings/screens'
import { SessionsTab } from './settings/sessions'
import { TimetableTab } from './settings/timetable'
import { UsersTab } from './settings/users'

export function SettingsPage() {
  const { t } = useT()
  const { can } = useSession()
  const go = useNavigate()
  const { tab } = useParams()
  const tabs = [
    { key: 'school', show: true, page: <SchoolTab /> },
    { key: 'recorded', show: true, page: <RecordedTab /> },
    { key: 'places', show: true, page: <PlacesTab /> },
    { key: 'calendar', show: true, page: <CalendarTab /> },
    { key: 'timetable', show: can('attendance:read'), page: <TimetableTab /> },
    { key: 'sessions', show: can('attendance:read'), page: <SessionsTab /> },
    { key: 'messages', show: true, page: <MessagesTab /> },
    { key: 'users', show: can('users:admin'), page: <UsersTab /> },
    { key: 'screens', show: can('keys:admin'), page: <ScreensTab /> },
    { key: 'police', show: true, page: <PoliceTab /> },
    { key: 'audit', show: can('audit:read'), page: <AuditTab /> },
  ].filter((x) => x.show)
  const at = tabs.some((x) => x.key === tab) ? tab : 'school'
  useEffect(() => {
    document
      .querySelector('.page [role=tab][aria-selected=true]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [at])
  return (
    <Page title={t('nav.settings')}>
      <Tabs value={at} onChange={(v) => v && void go(`/settings/${v}`)} keepMounted={false}>
        <Tabs.List mb="sm">
          {tabs.map((x) => (
            <Tabs.Tab key={x.key} value={x.key}>
              {t('settings.' + x.key)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map((x) => (
          <Tabs.Panel key={x.key} value={x.key}>
            {x.page}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  )
}
