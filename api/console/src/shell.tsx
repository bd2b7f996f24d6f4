// The frame of every page: navigation by permission, state of the live stream, sound, language,
// colour scheme, and the user.

import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  Menu,
  NavLink,
  PasswordInput,
  ScrollArea,
  Select,
  Text,
  Tooltip,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconActivity,
  IconAlertOctagon,
  IconBell,
  IconBellOff,
  IconCalendarOff,
  IconCalendarUser,
  IconCamera,
  IconChartBar,
  IconClipboardCheck,
  IconHome,
  IconDeviceDesktopAnalytics,
  IconDoor,
  IconEyeCheck,
  IconFileAlert,
  IconFlag,
  IconHeartbeat,
  IconHistory,
  IconId,
  IconLanguage,
  IconListCheck,
  IconLogout,
  IconMap2,
  IconShieldLock,
  IconMoon,
  IconMessage,
  IconPlug,
  IconPuzzle,
  IconReportAnalytics,
  IconSettings,
  IconSun,
  IconTool,
  IconToolsKitchen2,
  IconUser,
  IconUserCheck,
  IconUsers,
  IconUsersGroup,
  IconVolume,
  type Icon,
} from '@tabler/icons-react'
import { type ReactNode } from 'react'
import { NavLink as RouterLink, useLocation } from 'react-router'
import { call } from './api/client'
import type { Permission, Sent } from './api/types'
import { languages, setLanguage, useT } from './i18n'
import { muteFor } from './lib/mute'
import { tallied, useLive, useOpen } from './live'
import { useMine } from './mine'
import { useFormat, useNow, useSession } from './session'
import { AlertDialogs } from './ui/alertdialogs'
import { MusterBanner } from './pages/musters/banner'
import { LockdownBanner } from './ui/lockdown'
import { IncidentDialogs } from './ui/incidentdialogs'
import { said } from './ui/kit'
import { FormDialog, useForm } from './ui/form'

interface Section {
  path: string
  key: string
  icon: Icon
  needs: Permission[]
}

export const sections: Section[] = [
  { path: '/wall', key: 'wall', icon: IconBell, needs: ['alerts:read'] },
  { path: '/incidents', key: 'incidents', icon: IconFileAlert, needs: ['alerts:read'] },
  { path: '/duty', key: 'duty', icon: IconCalendarUser, needs: ['alerts:read'] },
  { path: '/maintenance', key: 'maintenance', icon: IconTool, needs: ['alerts:read'] },
  { path: '/lockdown', key: 'lockdown', icon: IconAlertOctagon, needs: ['alerts:read', 'lockdown:raise'] },
  { path: '/alerts', key: 'alerts', icon: IconHistory, needs: ['alerts:read'] },
  { path: '/rules', key: 'rules', icon: IconListCheck, needs: ['alerts:read'] },
  { path: '/plans', key: 'plans', icon: IconMap2, needs: ['devices:read'] },
  { path: '/cameras', key: 'cameras', icon: IconCamera, needs: ['camera:view'] },
  { path: '/inside', key: 'inside', icon: IconHome, needs: ['sightings:read'] },
  { path: '/desk', key: 'desk', icon: IconEyeCheck, needs: ['attendance:read'] },
  { path: '/exceptions', key: 'exceptions', icon: IconFlag, needs: ['attendance:read'] },
  { path: '/figures', key: 'figures', icon: IconChartBar, needs: ['attendance:read'] },
  { path: '/musters', key: 'musters', icon: IconUsersGroup, needs: ['sightings:read'] },
  { path: '/attendance', key: 'attendance', icon: IconClipboardCheck, needs: ['attendance:read'] },
  { path: '/leave', key: 'leave', icon: IconCalendarOff, needs: ['attendance:read'] },
  { path: '/meals', key: 'meals', icon: IconToolsKitchen2, needs: ['attendance:read'] },
  { path: '/visits', key: 'visits', icon: IconId, needs: ['visits:read'] },
  { path: '/collect', key: 'collect', icon: IconUserCheck, needs: ['sightings:write'] },
  { path: '/people', key: 'people', icon: IconUsers, needs: ['people:read'] },
  { path: '/fleet', key: 'fleet', icon: IconDeviceDesktopAnalytics, needs: ['devices:read'] },
  { path: '/occurrences', key: 'occurrences', icon: IconDoor, needs: ['devices:read'] },
  { path: '/quality', key: 'quality', icon: IconReportAnalytics, needs: ['devices:read'] },
  { path: '/drivers', key: 'drivers', icon: IconPuzzle, needs: ['drivers:read'] },
  { path: '/messages', key: 'messages', icon: IconMessage, needs: ['messages:send'] },
  { path: '/integrations', key: 'integrations', icon: IconPlug, needs: ['keys:admin'] },
  { path: '/status', key: 'status', icon: IconHeartbeat, needs: ['status:read'] },
]

export function Shell({ children }: { children: ReactNode }) {
  const { t } = useT()
  const { me, can, school, schools, setSchool, speak } = useSession()
  const [open, nav] = useDisclosure(false)
  const at = useLocation().pathname
  const unanswered = tallied(useOpen().data?.open)
  const asked = useMine().data?.items.length ?? 0
  const items = [
    ...sections.filter((s) => s.needs.some(can)),
    { path: '/settings', key: 'settings', icon: IconSettings, needs: [] },
  ]
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 224, breakpoint: 'md', collapsed: { mobile: !open } }}
      padding={0}>
      <AppShell.Header className="top">
        <a href="#main" className="skip">
          {t('shell.skip')}
        </a>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap" className="top-left">
            <Burger
              opened={open}
              onClick={nav.toggle}
              hiddenFrom="md"
              size="sm"
              aria-label={open ? t('shell.closeMenu') : t('shell.openMenu')}
            />
            <img src="/favicon.svg" width={26} height={26} alt="" />
            <div className="top-name">
              <Text fw={700} size="sm" lh={1.15} truncate>
                Gatehouse
              </Text>
              {schools.length < 2 && (
                <Text size="xs" c="dimmed" lh={1.15} truncate title={school.name}>
                  {school.name}
                </Text>
              )}
            </div>
            {schools.length > 1 && (
              <Select
                size="xs"
                w={200}
                searchable
                allowDeselect={false}
                aria-label={t('shell.school')}
                value={school.id}
                data={schools.map((s) => ({ value: s.id, label: s.name }))}
                onChange={(v) => v && setSchool(v)}
              />
            )}
          </Group>
          <Group gap={6} wrap="nowrap">
            <StreamDot />
            {can('alerts:read') && <SoundButton />}
            <LanguageMenu onChoose={speak} />
            <SchemeButton />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="side" aria-label={t('shell.sections')}>
        <AppShell.Section grow component={ScrollArea} p={8}>
          {items.map((s) => (
            <NavLink
              key={s.path}
              component={RouterLink}
              to={s.path}
              onClick={nav.close}
              label={t('nav.' + s.key)}
              leftSection={<s.icon size={18} stroke={1.7} aria-hidden />}
              active={at === s.path || at.startsWith(s.path + '/')}
              aria-current={at === s.path || at.startsWith(s.path + '/') ? 'page' : undefined}
              rightSection={
                s.key === 'wall' && unanswered > 0 ? (
                  <span className="count" aria-label={t('wall.unanswered', { count: unanswered })}>
                    {unanswered}
                  </span>
                ) : s.key === 'leave' && asked > 0 ? (
                  <span className="count" aria-label={t('leaveAsk.count', { count: asked })}>
                    {asked}
                  </span>
                ) : undefined
              }
            />
          ))}
        </AppShell.Section>
        <AppShell.Section p="xs">
          <Text size="xs" c="dimmed" truncate>
            {t('shell.version', { version: me.version })}
          </Text>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="main" className="main" tabIndex={-1}>
        <LockdownBanner />
        <MusterBanner />
        <Banners />
        {children}
        <AlertDialogs />
        <IncidentDialogs />
      </AppShell.Main>
    </AppShell>
  )
}

function Banners() {
  const { t } = useT()
  const { me, can } = useSession()
  const live = useLive()
  const alerts = useOpen()
  const f = useFormat()
  const now = useNow(1000)
  const loud = alerts.data?.items.some((a) => a.audible && a.state === 'open')
  return (
    <>
      {live.state === 'quiet' && (
        <div className="banner" data-tone="orange" role="alert" data-testid="quiet">
          {t('shell.quiet', { age: f.ago(new Date(live.heard()).toISOString(), now) })}
        </div>
      )}
      {live.state === 'lost' && (
        <div className="banner" data-tone="red" role="alert">
          {t('shell.lost', {
            age: f.ago(new Date(Math.max(live.heard(), alerts.dataUpdatedAt)).toISOString(), now),
          })}
        </div>
      )}
      {loud && live.blocked && !live.mutedUntil && (
        <div className="banner" data-tone="orange">
          <span className="banner-text">
            <IconVolume size={16} aria-hidden /> {t('shell.blocked')}
          </span>
          <Button size="compact-xs" variant="default" onClick={live.unblock}>
            {t('shell.unblock')}
          </Button>
        </div>
      )}
      {live.mutedUntil > 0 && can('alerts:read') && (
        <div className="banner" data-tone="orange">
          <span className="banner-text">
            <IconBellOff size={16} aria-hidden />{' '}
            {t('shell.mutedUntil', { at: f.clock(new Date(live.mutedUntil).toISOString()) })}
          </span>
          <Button size="compact-xs" variant="default" onClick={() => (live.setMuted(0), live.unblock())}>
            {t('shell.unmute')}
          </Button>
        </div>
      )}
      {me.demo && (
        <div className="banner" data-tone="blue">
          {t('shell.demo')}
        </div>
      )}
    </>
  )
}

function StreamDot() {
  const { t } = useT()
  const { state } = useLive()
  const label = t('shell.stream.' + state)
  return (
    <Tooltip label={label}>
      <span className="stream" data-state={state} role="status" aria-label={label}>
        <IconActivity size={16} aria-hidden /> <span className="wide">{t('shell.streamShort.' + state)}</span>
      </span>
    </Tooltip>
  )
}

function SoundButton() {
  const { t } = useT()
  const f = useFormat()
  const live = useLive()
  if (live.mutedUntil)
    return (
      <Tooltip label={t('shell.unmute')}>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={t('shell.unmute')}
          aria-pressed
          onClick={() => (live.setMuted(0), live.unblock())}>
          <IconBellOff size={18} />
        </ActionIcon>
      </Tooltip>
    )
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('shell.mute')} onClick={live.unblock}>
          <IconBell size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('shell.muteFor')}</Menu.Label>
        {muteFor.map((ms) => {
          const end = Date.now() + ms
          return (
            <Menu.Item key={ms} onClick={() => live.setMuted(end)}>
              {t('shell.muteUntil', { at: f.clock(new Date(end).toISOString()) })}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}

export function LanguageMenu({ onChoose }: { onChoose?: (language: string) => void }) {
  const { t, lang } = useT()
  const choose = (l: string) => {
    setLanguage(l)
    if (onChoose) onChoose(l)
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('shell.language')} data-testid="language">
          <IconLanguage size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {languages.map((l) => (
          <Menu.Item
            key={l.value}
            onClick={() => choose(l.value)}
            lang={l.value}
            fw={l.value === lang ? 700 : 400}>
            {l.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

export function SchemeButton() {
  const { t } = useT()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const dark =
    colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
  const label = dark ? t('shell.light') : t('shell.dark')
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={label}
        onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
        {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  )
}

function UserMenu() {
  const { t } = useT()
  const { me, signOut } = useSession()
  const [password, modal] = useDisclosure(false)
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <Button
            variant="default"
            size="sm"
            px="xs"
            className="who"
            leftSection={<IconUser size={16} />}
            aria-label={t('shell.account', { name: me.user.full_name || me.user.name })}>
            <span className="wide">{me.user.full_name || me.user.name}</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {me.user.full_name || me.user.name} · {t('role.' + me.user.role)}
          </Menu.Label>
          <Menu.Item leftSection={<IconShieldLock size={16} />} component={RouterLink} to="/security">
            {t('security.title')}
          </Menu.Item>
          <Menu.Item onClick={modal.open}>{t('shell.changePassword')}</Menu.Item>
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
            {t('shell.signOut')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {password && <PasswordModal onClose={modal.close} />}
    </>
  )
}

function PasswordModal({ onClose }: { onClose: () => void }) {
  const { t } = useT()
  const form = useForm('PasswordInput', { old: '', new: '' })
  const save = async () => {
    await call('/v1/me/password', { method: 'PUT', body: form.v satisfies Sent<'PasswordInput'> })
    said(t('shell.passwordChanged'))
  }
  return (
    <FormDialog form={form} save={save} onClose={onClose} title={t('shell.changePassword')}>
      <PasswordInput
        label={t('shell.oldPassword')}
        required
        autoComplete="current-password"
        {...form.text('old')}
        visibilityToggleButtonProps={{ 'aria-label': t('gate.show') }}
      />
      <PasswordInput
        label={t('shell.newPassword')}
        description={t('gate.passwordHelp')}
        required
        minLength={10}
        autoComplete="new-password"
        {...form.text('new')}
        visibilityToggleButtonProps={{ 'aria-label': t('gate.show') }}
      />
    </FormDialog>
  )
}
