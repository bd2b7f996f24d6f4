// What the gateway's API answers with. Field names are those of the JSON; times are RFC 3339.

export type Severity = 'info' | 'warning' | 'major' | 'critical'
export type AlertState = 'open' | 'acknowledged' | 'resolved' | 'closed'
export type DeviceState = 'unknown' | 'online' | 'offline' | 'fault' | 'flapping' | 'driver_down' | 'disabled'
export type DeviceType = 'camera' | 'terminal' | 'class_board' | 'pos' | 'sensor' | 'other'
export type PersonKind = 'student' | 'staff' | 'guardian' | 'visitor'
export type Method = 'face' | 'card' | 'qr' | 'pin' | 'other' | 'manual'
export type ZoneKind =
  'gate' | 'canteen' | 'dorm' | 'laboratory' | 'classroom' | 'office' | 'corridor' | 'outdoor' | 'other'
export type AttendanceState =
  | 'expected'
  | 'arrived'
  | 'late'
  | 'left_early'
  | 'absent'
  | 'excused'
  | 'offsite_approved'
  | 'unknown'
  | 'not_required'
export type Role = 'district_admin' | 'admin' | 'security' | 'facility' | 'teacher' | 'integrator' | 'vendor'
export type Value = number | boolean | string | null

export const severities: Severity[] = ['info', 'warning', 'major', 'critical']
/** How a device proves that it is itself, the worst first. */
export type Weakness = 'serial_only' | 'no_password' | 'plain_text' | 'none'
export const weaknesses: Weakness[] = ['serial_only', 'no_password', 'plain_text']
export const deviceStates: DeviceState[] = [
  'online',
  'offline',
  'fault',
  'flapping',
  'driver_down',
  'unknown',
  'disabled',
]
export const deviceTypes: DeviceType[] = ['camera', 'terminal', 'class_board', 'pos', 'sensor', 'other']
export const personKinds: PersonKind[] = ['student', 'staff', 'guardian', 'visitor']
export const zoneKinds: ZoneKind[] = [
  'gate',
  'canteen',
  'dorm',
  'laboratory',
  'classroom',
  'office',
  'corridor',
  'outdoor',
  'other',
]
export const attendanceStates: AttendanceState[] = [
  'arrived',
  'late',
  'absent',
  'unknown',
  'expected',
  'left_early',
  'excused',
  'offsite_approved',
  'not_required',
]
export const signInRoles: Role[] = ['admin', 'security', 'facility', 'teacher', 'vendor', 'district_admin']
export const permissions = [
  'devices:read',
  'devices:write',
  'drivers:read',
  'people:read',
  'people:open',
  'people:write',
  'faces:admin',
  'sightings:read',
  'sightings:write',
  'attendance:read',
  'attendance:write',
  'alerts:read',
  'alerts:write',
  'incidents:approve',
  'telemetry:read',
  'camera:view',
  'keys:admin',
  'users:admin',
  'settings:write',
  'audit:read',
  'status:read',
] as const
export type Permission = (typeof permissions)[number]

export interface List<T> {
  items: T[] | null
  next?: string
}

export interface School {
  id: string
  parent?: string
  kind: 'district' | 'school'
  name: string
  timezone: string
  language: string
}
export interface User {
  id: string
  school: string
  name: string
  full_name: string
  role: Role
  language: string
  disabled: boolean
  created: string
}
export interface Me {
  user: User
  school: School
  permissions: Permission[]
  csrf: string
  demo: boolean
  version: string
}

export interface Site {
  id: string
  school: string
  name: string
}
export interface Building {
  id: string
  school: string
  site: string
  name: string
}
export interface Zone {
  id: string
  school: string
  building: string
  name: string
  kind: ZoneKind
  private: boolean
}
export interface Places {
  sites: Site[] | null
  buildings: Building[] | null
  zones: Zone[] | null
}

export interface Property {
  title?: string
  title_zh?: string
  type: 'number' | 'boolean' | 'string'
  unit?: string
  minimum?: number
  maximum?: number
  enum?: string[]
  writable?: boolean
  forms?: Record<string, string>
}
export interface Action {
  title?: string
  title_zh?: string
  input?: Record<string, Property>
}
export interface Profile {
  id: string
  title: string
  title_zh?: string
  type: DeviceType
  vendor?: string
  properties?: Record<string, Property>
  actions?: Record<string, Action>
  sightings?: Method[]
  offline_after?: number
}

export interface TwinValue {
  value: Value
  time: string
}
export interface Twin {
  device: string
  state: DeviceState
  reason?: string
  /** What its driver last said of how it proves itself; absent: nobody has said. */
  weak?: Weakness
  last_seen?: string
  seq: number
  reported?: Record<string, TwinValue>
  desired?: Record<string, TwinValue>
}
export interface DeviceBase {
  id: string
  school: string
  zone?: string
  profile: string
  driver: string
  name: string
  serial?: string
  address?: Record<string, string>
  enabled: boolean
  created: string
}
export type QualityLevel = 'good' | 'look' | 'bad'
export type QualityKind = 'clock' | 'gaps' | 'rejected' | 'late' | 'duplicates' | 'unknown'
export const qualityLevels: QualityLevel[] = ['good', 'look', 'bad']
export const qualityKinds: QualityKind[] = ['clock', 'gaps', 'rejected', 'late', 'duplicates', 'unknown']
export interface QualityCounts {
  school: string
  day: string
  observations: number
  replayed: number
  late: number
  duplicates: number
  unknown: number
  strangers: number
  rejected: number
  clock_refused: number
  gaps: number
  gap_seconds: number
}
export interface QualityDay extends QualityCounts {
  devices: number
  look: number
  bad: number
  kinds: Partial<Record<QualityKind, number>>
}
export interface DeviceQuality extends QualityCounts {
  device: string
  name?: string
  level: QualityLevel
  sightings: number
  clock: { count: number; min_ms: number; max_ms: number }
  clock_median_ms: number
  findings: { kind: QualityKind; level: QualityLevel; message: string; message_zh: string }[]
}
export interface Device extends DeviceBase {
  type: DeviceType
  twin: Twin
}
export interface DeviceSummary {
  states: Partial<Record<DeviceState, number>>
  types: Partial<Record<DeviceType, number>>
  weak: Partial<Record<Weakness | 'unknown', number>>
}
export interface MQTTInfo {
  host: string
  port: number
  tls?: boolean
  client_id: string
  username: string
  prefix: string
  example: string
}
export interface DeviceCreated {
  device: DeviceBase
  password?: string
  mqtt?: MQTTInfo
}
export interface Probe {
  ok: boolean
  message: string
  values?: Record<string, Value>
  snapshot?: string
  registered?: { device?: string; name?: string }
}
export const commandStates = ['queued', 'sent', 'delivered', 'confirmed', 'failed', 'expired'] as const
export type CommandState = (typeof commandStates)[number]
export interface DeviceCommand {
  id: string
  device: string
  action: string
  state: CommandState
  reason?: string
  by?: string
  made: string
  due: string
  changed: string
}
export interface DeviceCertificate {
  fingerprint: string
  serial: string
  issuer: string
  not_before: string
  not_after: string
  first: string
  last: string
  revoked: boolean
}
export interface ProfileUse {
  profile: string
  devices: number
}
export interface CommandResult {
  id?: string
  state?: CommandState
  message: string
  values?: Record<string, Value>
}
export interface StatusRow {
  seq: number
  device?: string
  state: DeviceState
  reason?: string
  time: string
}
export interface Rejection {
  seq: number
  device?: string
  time: string
  reason: string
  source: string
  excerpt?: string
  properties?: string[]
  partial?: boolean
  kept?: number
}
export interface Knock {
  driver: string
  serial: string
  title: string
  address?: Record<string, string>
  profile?: string
}
export interface RefusedContent {
  text: string
  raw: string
}
export interface UnknownField {
  name: string
  kind?: '' | Property['type']
  example?: string
  count: number
  first: string
  last: string
}
export interface UnknownFields {
  items: UnknownField[] | null
  profile: string
  devices: number
  may_add: boolean
}

export interface Field {
  key: string
  title: string
  title_zh?: string
  help?: string
  help_zh?: string
  default?: string
  required?: boolean
  secret?: boolean
  kind?: string
  min?: number
  max?: number
  options?: string[]
}
export interface Driver {
  name: string
  title: string
  title_zh?: string
  version: string
  state: string
  reason?: string
  pid?: number
  restarts: number
  started?: string
  devices: number
  observations: number
  pinned: boolean
  sha256?: string
  contract: number
  address?: Field[] | null
  settings_schema?: Field[] | null
  template: boolean
  profiles?: Profile[] | string[] | null
  memory?: number
  memory_max?: number
  quarantine?: string
  next_attempt?: string
  confinement?: Confinement
}
export interface Confinement {
  confined: boolean
  landlock?: number
  user?: string
  why?: string
  detail?: string
}
export interface LogLine {
  time: string
  level: string
  text: string
}

export interface PersonRow {
  id: string
  school: string
  kind: PersonKind
  name: string
  number?: string
  class?: string
  boarder?: boolean
  left?: string
  face: boolean
  consent: boolean
  cards: number
}
export interface Person {
  id: string
  school: string
  kind: PersonKind
  name: string
  number?: string
  class?: string
  boarder?: boolean
  phone?: string
  guardians?: string[]
  created: string
  left?: string
}
export interface Consent {
  person: string
  given: boolean
  by: string
  note: string
  at: string
  actor: string
}
export interface Pass {
  id: string
  person: string
  method: Method
  masked?: string
  created: string
  expires?: string
  quality?: number
  model?: string
}
export interface PersonPage extends Person {
  consents?: Consent[] | null
  passes?: Pass[] | null
}
export const importModes = ['merge', 'add', 'update', 'full', 'promote', 'overwrite'] as const
export type ImportMode = (typeof importModes)[number]
export const importFields = [
  'kind',
  'number',
  'name',
  'grade',
  'class',
  'boarder',
  'phone',
  'card',
  'card_expires',
  'face_consent',
  'guardian_numbers',
] as const
export type ImportAction = 'create' | 'update' | 'same' | 'skip' | 'error' | 'leave'
export interface ImportRemark {
  code: string
  note: boolean
  line?: number
  column?: number
  heading?: string
  field?: string
  read?: string
  params?: Record<string, string>
  message: string
}
export interface ImportLine {
  line?: number
  action: ImportAction
  number: string
  name: string
  kind?: PersonKind
  class?: string
  changes: { field: string; from: string; to: string }[]
  problems: ImportRemark[]
  values?: Record<string, string>
}
export interface ImportReport {
  lines: ImportLine[]
  leaving: ImportLine[]
  created: number
  updated: number
  same: number
  skipped: number
  errors: number
  unnumbered?: number
  mode: ImportMode
  format: string
  encoding: string
  encodings: string[]
  sheet?: string
  sheets: string[]
  heading_line: number
  mapping: string
  columns: { heading: string; field: string; samples: string[] }[]
  problems: ImportRemark[]
  brake: { affected: number; of: number; needed: boolean }
  token?: string
  applied: boolean
}

export interface Match {
  score: number
  runner_up: number
  margin: number
  quality: number
  frames: number
  reason: string
}
export interface Sighting {
  seq: number
  id: string
  device?: string
  zone?: string
  person?: string
  name?: string
  method: Method
  direction?: 'in' | 'out'
  time: string
  received: string
  match?: Match
  media?: string
  replayed?: boolean
}

export interface Alert {
  id: string
  school: string
  rule: string
  severity: Severity
  state: AlertState
  title: string
  title_zh?: string
  text?: string
  text_zh?: string
  device?: string
  zone?: string
  person?: string
  sighting?: string
  media?: string
  picture_until?: string // somebody keeps the picture until then
  values?: Record<string, Value>
  firing: boolean
  audible?: boolean
  count: number
  opened: string
  last_fired: string
  incident?: string
  handler?: string
  handler_name?: string
  acknowledged?: string
  resolver?: string // nobody where it was over by itself
  resolver_name?: string
  resolved?: string
  closer?: string // nobody where its time was up
  closer_name?: string
  closed?: string
  comment?: string
  event_seq: number
  version: number
  device_name?: string
  zone_name?: string
  moved_to?: string
  moved_to_name?: string
  person_name?: string
}
export interface IncidentStep {
  text: string
  text_zh?: string
  done: boolean
  by?: string
  at?: string
}
export interface Handover {
  requested: boolean
  approver_role?: Role
  approval: '' | 'waiting' | 'approved' | 'refused'
  by?: string
  at?: string
  comment?: string
  link: 'off' | 'on' | string
  sent: boolean
  note: string
}
export interface Incident {
  id: string
  school: string
  title: string
  title_zh?: string
  severity: Severity
  state: 'open' | 'closed'
  alerts: string[] | null
  steps?: IncidentStep[] | null
  handover: Handover
  opened: string
  closed?: string
  version: number
}

export interface Session {
  id: string
  school: string
  kind: 'arrival' | 'meal' | 'dorm'
  name: string
  name_zh?: string
  start: string
  due: string
  end: string
  zones?: string[]
  zone_kinds?: ZoneKind[]
  classes?: string[]
  who: PersonKind[] | null
  boarders?: boolean
  demo?: boolean
}
export interface Attendance {
  person: string
  session: string
  school: string
  kind: string
  date: string
  state: AttendanceState
  at?: string
  method?: Method
  zone?: string
  final: boolean
  reasons: string[] | null
  sightings: string[] | null
  exceptions?: string[]
  name?: string
  class?: string
}

export interface GatewayEvent {
  seq: number
  id: string
  kind: string
  school: string
  device?: string
  zone?: string
  time: string
  received: string
  alert?: Alert
  incident?: Incident
  attendance?: Attendance
  status?: { state: DeviceState; reason?: string }
}

export interface APIKey {
  id: string
  school: string
  name: string
  permissions: Permission[] | null
  created: string
  expires: string
  last_used?: string
  revoked: boolean
  purpose: string
  maker?: string
  maker_name?: string
  maker_state?: MakerState
  effective: Permission[] | null
}
export type MakerState = 'active' | 'disabled' | 'ended' | 'gone' | 'unknown'
export interface Webhook {
  id: string
  school: string
  url: string
  kinds: string[] | null
  created: string
  disabled: boolean
  reason?: string
  maker?: string
  maker_name?: string
  maker_state?: MakerState
  effective: string[] | null
}
export interface Delivery {
  id: number
  webhook: string
  event_id: string
  seq: number
  subject?: string
  attempt: number
  next?: string
  status: number
  error?: string
  done: boolean
  created: string
  finished?: string
}

export interface AuditChange {
  field: string
  before: string
  after: string
}
export interface AuditEntry {
  seq: number
  time: string
  school: string
  actor: string
  deed: string
  object: string
  reason?: string
  hash: string
  people?: Record<string, string>
  changes?: AuditChange[]
}
export interface Rule {
  id: string
  title: string
  title_zh?: string
  severity: Severity
  yaml: string
}
export interface Refusal {
  time: string
  source: string
  claimed: string
  reason: string
  count: number
}
export interface Check {
  name: string
  state: 'ok' | 'warning' | 'critical'
  message: string
  message_zh?: string
}
export interface Status {
  version: string
  uptime_s: number
  started: string
  checks: Check[] | null
  journal?: Record<string, unknown>
  mqtt?: Record<string, unknown>
  drivers?: Record<string, unknown>
  disk?: { free_bytes: number; total_bytes: number }
  clock?: { offset_ms: number; source: string }
  cursors?: { name: string; lag: number }[] | null
}
