// Decides between first run, sign-in and the console, and names every page.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useEffect, useLayoutEffect, useState } from 'react'
import { Navigate, Route, Routes, useLocation, useNavigate } from 'react-router'
import { APIError, call, setCSRF, signedOut as readAgain } from './api/client'
import { signInIsBack, whenSignedOut } from './api/signin'
import type { Language, Me, Permission } from './api/types'
import { chosenBeforeSignIn, useT } from './i18n'
import { LiveProvider, renewAll } from './live'
import { Gate, SetupPage, SignInPage } from './pages/gate'
import { WallPage } from './pages/wall'
import { PairScreen } from './pages/pairscreen'
import { SignInAgain } from './pages/signinagain'
import { SessionProvider, useSession } from './session'
import { Shell, sections } from './shell'
import { BulkProvider } from './ui/alertbulk'
import { Empty, Page, Trouble, Wait } from './ui/kit'

export function App() {
  const cache = useQueryClient()
  const go = useNavigate()
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: () => call('/v1/setup', { quiet: true }),
    staleTime: Infinity,
  })
  const screen = useLocation().pathname === '/screen' // without the frame of the other pages
  const [byName, setByName] = useState(false) // somebody signs in where a screen could be paired
  const [expired, setExpired] = useState(false) // the session of the page shown has expired
  const me = useQuery({
    queryKey: ['me'],
    enabled: setup.data?.needed === false,
    staleTime: 60_000,
    queryFn: async () => {
      try {
        const m = await call('/v1/me', { quiet: true })
        setCSRF(m.csrf)
        return m
      } catch (e) {
        if (!(e instanceof APIError && e.status === 401)) throw e
        const was = cache.getQueryData<Me | null>(['me'])
        if (was) setExpired(true) // keep the page behind the sign-in dialog
        return was ?? null
      }
    },
  })
  const signedOut = useCallback(() => {
    setExpired(false)
    cache.removeQueries({ predicate: (q) => q.queryKey[0] !== 'me' && q.queryKey[0] !== 'setup' })
    cache.setQueryData(['me'], null)
    signInIsBack()
  }, [cache])
  useEffect(
    () =>
      whenSignedOut(() => {
        if (!cache.getQueryData(['me'])) return (signedOut(), false)
        setExpired(true)
        return true
      }),
    [cache, signedOut],
  )
  const shown = me.data?.user.id
  // Once the pages of a user are gone, before those that follow begin to read.
  useLayoutEffect(() => readAgain, [shown])
  const entered = (m?: Me) => {
    const language = chosenBeforeSignIn()
    if (m?.csrf) {
      setCSRF(m.csrf)
      cache.setQueryData(['me'], language ? { ...m, user: { ...m.user, language } } : m)
      if (language && language !== m.user.language)
        void call('/v1/me', { method: 'PUT', body: { language: language as Language } }).catch(() => {})
    } else void cache.invalidateQueries({ queryKey: ['me'] })
    cache.setQueryData(['setup'], { needed: false })
  }
  // Somebody signed in again: the same user continues, another one starts afresh.
  const back = async (m?: Me) => {
    const was = cache.getQueryData<Me>(['me'])
    const now = m?.csrf ? m : await call('/v1/me', { quiet: true })
    if (now.user.id !== was?.user.id) return window.location.assign('/')
    entered(now)
    setExpired(false)
    signInIsBack()
    void renewAll(cache)
  }

  const failed = me.data ? undefined : (setup.error ?? me.error) // a loaded page stays
  if (failed)
    return (
      <Gate>
        <Trouble error={failed} retry={() => void (setup.error ? setup.refetch() : me.refetch())} />
      </Gate>
    )
  if (setup.data?.needed) return <SetupPage onDone={(m) => (entered(m), go('/'))} />
  if (me.data === undefined)
    return (
      <Gate>
        <Wait />
      </Gate>
    )
  if (me.data === null && screen && !byName) return <PairScreen onSignIn={() => setByName(true)} />
  if (me.data === null) return <SignInPage onDone={entered} />
  // A screen whose key has ended shows nothing old, and a code by which it is paired again.
  if (expired && screen && me.data.user.role === 'integrator')
    return <PairScreen onSignIn={() => window.location.assign('/')} />
  return (
    <SessionProvider me={me.data} onSignedOut={signedOut}>
      <LiveProvider>
        <BulkProvider>
          <Suspense fallback={<Wait />}>{screen ? <ScreenPage /> : <Framed />}</Suspense>
        </BulkProvider>
      </LiveProvider>
      {expired && <SignInAgain name={me.data.user.name} onDone={(m) => void back(m)} onLeave={signedOut} />}
    </SessionProvider>
  )
}

// The wall loads with the console; other pages on demand.
const SecurityPage = lazy(() => import('./pages/security').then((m) => ({ default: m.SecurityPage })))
const FleetPage = lazy(() => import('./pages/fleet').then((m) => ({ default: m.FleetPage })))
const AddDevicePage = lazy(() => import('./pages/adddevice').then((m) => ({ default: m.AddDevicePage })))
const DevicePage = lazy(() => import('./pages/device').then((m) => ({ default: m.DevicePage })))
const PeoplePage = lazy(() => import('./pages/people').then((m) => ({ default: m.PeoplePage })))
const ImportPage = lazy(() => import('./pages/importpeople').then((m) => ({ default: m.ImportPage })))
const PersonPage = lazy(() => import('./pages/person').then((m) => ({ default: m.PersonPage })))
const InsidePage = lazy(() => import('./pages/inside').then((m) => ({ default: m.InsidePage })))
const ExceptionsPage = lazy(() => import('./pages/exceptions').then((m) => ({ default: m.ExceptionsPage })))
const FiguresPage = lazy(() => import('./pages/figures').then((m) => ({ default: m.FiguresPage })))
const DeskPage = lazy(() => import('./pages/desk').then((m) => ({ default: m.DeskPage })))
const MustersPage = lazy(() => import('./pages/musters').then((m) => ({ default: m.MustersPage })))
const MusterPage = lazy(() => import('./pages/musters/one').then((m) => ({ default: m.MusterPage })))
const CollectPage = lazy(() => import('./pages/collect').then((m) => ({ default: m.CollectPage })))
const LeavePage = lazy(() => import('./pages/leave').then((m) => ({ default: m.LeavePage })))
const RollPage = lazy(() => import('./pages/roll').then((m) => ({ default: m.RollPage })))
const AttendanceMonthPage = lazy(() =>
  import('./pages/attendancemonth').then((m) => ({ default: m.AttendanceMonthPage })),
)
const AttendancePage = lazy(() => import('./pages/attendance').then((m) => ({ default: m.AttendancePage })))
const CamerasPage = lazy(() => import('./pages/cameras').then((m) => ({ default: m.CamerasPage })))
const CameraPage = lazy(() => import('./pages/cameras').then((m) => ({ default: m.CameraPage })))
const ScreenPage = lazy(() => import('./pages/screen').then((m) => ({ default: m.ScreenPage })))
const PlansPage = lazy(() => import('./pages/plans').then((m) => ({ default: m.PlansPage })))
const PlanPage = lazy(() => import('./pages/plans').then((m) => ({ default: m.PlanPage })))
const IncidentsPage = lazy(() => import('./pages/incidents').then((m) => ({ default: m.IncidentsPage })))
const IncidentPage = lazy(() => import('./pages/incidents').then((m) => ({ default: m.IncidentPage })))
const ReportPage = lazy(() => import('./pages/incidentreport').then((m) => ({ default: m.ReportPage })))
const ProceduresPage = lazy(() => import('./pages/procedures').then((m) => ({ default: m.ProceduresPage })))
const ShiftPage = lazy(() => import('./pages/shift').then((m) => ({ default: m.ShiftPage })))
const ShiftNotePage = lazy(() => import('./pages/shift').then((m) => ({ default: m.ShiftNotePage })))
const AlertsPage = lazy(() => import('./pages/alerts').then((m) => ({ default: m.AlertsPage })))
const RulesPage = lazy(() => import('./pages/rules').then((m) => ({ default: m.RulesPage })))
const DutyPage = lazy(() => import('./pages/duty').then((m) => ({ default: m.DutyPage })))
const MaintenancePage = lazy(() =>
  import('./pages/maintenance').then((m) => ({ default: m.MaintenancePage })),
)
const MealsPage = lazy(() => import('./pages/meals').then((m) => ({ default: m.MealsPage })))
const VisitsPage = lazy(() => import('./pages/visits').then((m) => ({ default: m.VisitsPage })))
const LockdownPage = lazy(() => import('./pages/lockdown').then((m) => ({ default: m.LockdownPage })))
const OccurrencesPage = lazy(() =>
  import('./pages/occurrences').then((m) => ({ default: m.OccurrencesPage })),
)
const DriversPage = lazy(() => import('./pages/drivers').then((m) => ({ default: m.DriversPage })))
const DriverPage = lazy(() => import('./pages/drivers').then((m) => ({ default: m.DriverPage })))
const IntegrationsPage = lazy(() =>
  import('./pages/integrations').then((m) => ({ default: m.IntegrationsPage })),
)
const MessagesPage = lazy(() => import('./pages/messages').then((m) => ({ default: m.MessagesPage })))
const SettingsPage = lazy(() => import('./pages/settings').then((m) => ({ default: m.SettingsPage })))
const QualityPage = lazy(() => import('./pages/quality').then((m) => ({ default: m.QualityPage })))
const StatusPage = lazy(() => import('./pages/status').then((m) => ({ default: m.StatusPage })))

function Framed() {
  return (
    <Shell>
      <Suspense fallback={<Wait />}>
        <Pages />
      </Suspense>
    </Shell>
  )
}

function Pages() {
  const { can } = useSession()
  const first = sections.find((s) => s.needs.some(can))?.path ?? '/settings'
  const need = (p: Permission, page: React.ReactNode) => (can(p) ? page : <Refused />)
  return (
    <Routes>
      <Route path="/" element={<Navigate to={first} replace />} />
      <Route path="/wall" element={need('alerts:read', <WallPage />)} />
      <Route path="/duty" element={need('alerts:read', <DutyPage />)} />
      <Route path="/maintenance" element={need('alerts:read', <MaintenancePage />)} />
      <Route path="/alerts" element={need('alerts:read', <AlertsPage />)} />
      <Route path="/rules/*" element={need('alerts:read', <RulesPage />)} />
      <Route
        path="/lockdown"
        element={need(can('alerts:read') ? 'alerts:read' : 'lockdown:raise', <LockdownPage />)}
      />
      <Route path="/incidents" element={need('alerts:read', <IncidentsPage />)} />
      <Route path="/incidents/:id" element={need('alerts:read', <IncidentPage />)} />
      <Route path="/incidents/:id/report" element={need('alerts:read', <ReportPage />)} />
      <Route path="/procedures" element={need('alerts:read', <ProceduresPage />)} />
      <Route path="/procedures/:id" element={need('alerts:read', <ProceduresPage />)} />
      <Route path="/shift" element={need('alerts:read', <ShiftPage />)} />
      <Route path="/shift/:id" element={need('alerts:read', <ShiftNotePage />)} />
      <Route path="/plans" element={need('devices:read', <PlansPage />)} />
      <Route path="/plans/:id" element={need('devices:read', <PlanPage />)} />
      <Route path="/cameras" element={need('camera:view', <CamerasPage />)} />
      <Route path="/cameras/:id" element={need('camera:view', <CameraPage />)} />
      <Route path="/inside" element={need('sightings:read', <InsidePage />)} />
      <Route
        path="/desk"
        element={need(can('attendance:read') ? 'sightings:read' : 'attendance:read', <DeskPage />)}
      />
      <Route
        path="/exceptions"
        element={need(can('attendance:read') ? 'sightings:read' : 'attendance:read', <ExceptionsPage />)}
      />
      <Route path="/figures" element={need('attendance:read', <FiguresPage />)} />
      <Route path="/musters" element={need('sightings:read', <MustersPage />)} />
      <Route path="/musters/:id" element={need('sightings:read', <MusterPage />)} />
      <Route path="/attendance/month" element={need('attendance:read', <AttendanceMonthPage />)} />
      <Route path="/attendance/roll/:id" element={need('attendance:write', <RollPage />)} />
      <Route path="/attendance" element={need('attendance:read', <AttendancePage />)} />
      <Route path="/collect" element={need('sightings:write', <CollectPage />)} />
      <Route path="/leave" element={need('attendance:read', <LeavePage />)} />
      <Route path="/meals" element={need('attendance:read', <MealsPage />)} />
      <Route path="/visits" element={need('visits:read', <VisitsPage />)} />
      <Route path="/people" element={need('people:read', <PeoplePage />)} />
      <Route path="/people/import" element={need('people:write', <ImportPage />)} />
      <Route path="/people/:id" element={need('people:open', <PersonPage />)} />
      <Route path="/fleet" element={need('devices:read', <FleetPage />)} />
      <Route path="/fleet/add" element={need('devices:write', <AddDevicePage />)} />
      <Route path="/fleet/:id" element={need('devices:read', <DevicePage />)} />
      <Route path="/occurrences" element={need('devices:read', <OccurrencesPage />)} />
      <Route path="/quality" element={need('devices:read', <QualityPage />)} />
      <Route path="/drivers" element={need('drivers:read', <DriversPage />)} />
      <Route path="/drivers/:name" element={need('drivers:read', <DriverPage />)} />
      <Route path="/messages" element={need('messages:send', <MessagesPage />)} />
      <Route path="/integrations" element={need('keys:admin', <IntegrationsPage />)} />
      <Route path="/security" element={<SecurityPage />} />
      <Route path="/settings" element={<SettingsPage />} />
      <Route path="/settings/:tab" element={<SettingsPage />} />
      <Route path="/status" element={need('status:read', <StatusPage />)} />
      <Route path="*" element={<Lost />} />
    </Routes>
  )
}

function Refused() {
  const { t } = useT()
  return (
    <Page title={t('error.noRight')}>
      <Empty title={t('error.noRight')} hint={t('error.noRightHint')} />
    </Page>
  )
}

function Lost() {
  const { t } = useT()
  return (
    <Page title={t('error.noPage')}>
      <Empty title={t('error.noPage')} hint={t('error.noPageHint')} />
    </Page>
  )
}
