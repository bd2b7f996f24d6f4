// Short names for the types of the gateway's API, which `npm run types` generates from its OpenAPI
// document in schema.d.ts: reading a field that is not in the document does not compile. Times are
// RFC 3339.

import type { components, operations } from './schema'

type S = components['schemas']

/** The request body of an operation. */
export type Sent<Name extends keyof S> = S[Name]

/** A page of a list; next is empty on the last one. */
export interface List<T> {
  items: T[]
  next: string
}

// Enums of the document.

export type AlertState = S['Alert']['state']
export type AttendanceState = S['Attendance']['state']
export type Approval = S['Handover']['approval']
export type CheckState = S['Check']['state']
export type CommandState = S['DeviceCommand']['state']
export type DeviceState = S['Twin']['state']
export type DeviceType = S['Profile']['type']
export type Direction = NonNullable<S['SightingRow']['direction']>
export type EventKind = S['Event']['kind']
export type ImportAction = S['ImportLine']['action']
export type ImportMode = S['ImportReport']['mode']
/** The languages of the console and the gateway. */
export type Language = S['SetupInput']['language']
export type MakerState = NonNullable<S['APIKey']['maker_state']>
export type Method = S['Pass']['method']
export type Permission = S['Me']['permissions'][number]
export type PersonKind = S['Person']['kind']
export type QualityKind = S['Finding']['kind']
export type QualityLevel = S['Finding']['level']
export type Role = S['User']['role']
export type SessionKind = S['Session']['kind']
export type Severity = S['Alert']['severity']
/** Why something is in its state: a code with the parameters of its text. */
export type Reason = S['Reason']
/** How a device authenticates. */
export type Weakness = NonNullable<S['Twin']['weak']>
export type ZoneKind = S['Zone']['kind']

export type TurnUnit = S['RotaLine']['each']
export type PatternWeeks = NonNullable<S['SessionPattern']['weeks']>
export type Weekday = NonNullable<S['RotaLine']['days']>[number]

/** A time at which a threat level stood, a level, and what devices do at it. */
export type Lockdown = S['Lockdown']
export type ThreatLevel = S['ThreatLevel']
export type LevelAction = S['LevelAction']
export type LevelDoors = S['LevelDoors']
export type DoorRule = S['LevelDoors']['in'] & string
export type ActionPreview = S['ActionPreview']
export type MessagePreview = S['MessagePreview']
export type LevelMessage = S['LevelMessage']
export type LevelTrigger = S['LevelTrigger']

/** What is not over, most urgent first, with the number of all. */
export type Wall = S['Wall']
export type Floor = S['Floor']
export type FloorPlan = S['FloorPlan']
export type PlanSent = S['PlanSent']
export type Whereabouts = S['Whereabouts']
/** A number of alerts by severity. */
export type Tally = S['Tally']

/** All values of an enum, in display order. A missing one does not compile. */
function all<E extends string>(words: Record<E, true>): E[] {
  return Object.keys(words) as E[]
}

export const alertWhats = all<AlertEntry['what']>({
  raised: true,
  fired_again: true,
  ended: true,
  severity: true,
  acknowledged: true,
  unacknowledged: true,
  ack_ran_out: true,
  assigned: true,
  released: true,
  commented: true,
  resolved: true,
  silenced: true,
  over: true,
  closed: true,
  undone: true,
  gathered: true,
  taken_out: true,
  shelved: true,
  hidden: true,
  returned: true,
})
export const hiddenBys = all<HiddenBy>({ shelf: true, window: true, any: true, none: true })
export const retellings = all<Retelling>({
  fired_again: true,
  ack_ran_out: true,
  withdrawn: true,
  released: true,
  risen: true,
  returned: true,
})
export const callWhats = all<CallEntry['what']>({
  told: true,
  no_rights: true,
  nobody: true,
  gone: true,
  no_way: true,
  ran_out: true,
})
export const callStates = all<Calling['state']>({ due: true, answered: true, unanswered: true, none: true })
export const alertStates = all<AlertState>({ open: true, acknowledged: true, resolved: true, closed: true })
export const attendanceStates = all<AttendanceState>({
  arrived: true,
  late: true,
  absent: true,
  unknown: true,
  expected: true,
  left_early: true,
  excused: true,
  offsite_approved: true,
  not_required: true,
})
export const checkStates = all<CheckState>({ ok: true, warning: true, critical: true })
export const commandStates = all<CommandState>({
  accepted: true,
  sent: true,
  delivered: true,
  applied: true,
  refused: true,
  expired: true,
  unknown: true,
})
export const deviceStates = all<DeviceState>({
  online: true,
  offline: true,
  fault: true,
  flapping: true,
  driver_down: true,
  unknown: true,
  disabled: true,
})
export const deviceTypes = all<DeviceType>({
  camera: true,
  terminal: true,
  class_board: true,
  pos: true,
  sensor: true,
  other: true,
})
export const directions = all<Exclude<Direction, ''>>({ in: true, out: true })
export const eventKinds = all<EventKind>({
  alert: true,
  incident: true,
  attendance: true,
  command: true,
  lockdown: true,
  rule: true,
  suppression: true,
  sighting: true,
  status: true,
  occurrence: true,
  decision: true,
  rejected: true,
  reading: true,
})
export const importActions = all<ImportAction>({
  create: true,
  update: true,
  same: true,
  skip: true,
  error: true,
  leave: true,
})
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
export const importModes = all<ImportMode>({
  merge: true,
  add: true,
  update: true,
  full: true,
  promote: true,
  overwrite: true,
})
export const incidentStates = all<Incident['state']>({ open: true, contained: true, closed: true })
export const incidentOutcomes = all<NonNullable<Incident['outcome']>>({
  real: true,
  false_alarm: true,
  fault: true,
  drill: true,
  merged: true,
})
export const incidentWhats = all<IncidentEntry['what']>({
  opened: true,
  gathered: true,
  added: true,
  removed: true,
  took_in: true,
  merged: true,
  gave_back: true,
  separated: true,
  step_done: true,
  step_undone: true,
  step_assigned: true,
  noted: true,
  contained: true,
  closed: true,
  reopened: true,
  approved: true,
  refused: true,
})
/** Methods of passes that can be handed out. */
export const cardMethods = all<S['CardInput']['method']>({ card: true, qr: true, pin: true, plate: true })
export const methods = all<Method>({
  face: true,
  card: true,
  qr: true,
  pin: true,
  plate: true,
  other: true,
  manual: true,
})
export const permissions = all<Permission>({
  'devices:read': true,
  'devices:write': true,
  'drivers:read': true,
  'people:read': true,
  'people:open': true,
  'people:write': true,
  'faces:admin': true,
  'sightings:read': true,
  'sightings:write': true,
  'attendance:read': true,
  'attendance:write': true,
  'visits:read': true,
  'visits:write': true,
  'alerts:read': true,
  'alerts:write': true,
  'alerts:suppress': true,
  'incidents:approve': true,
  'rules:write': true,
  'telemetry:read': true,
  'camera:view': true,
  'messages:send': true,
  'keys:admin': true,
  'users:admin': true,
  'settings:write': true,
  'audit:read': true,
  'status:read': true,
  'lockdown:raise': true,
  'lockdown:clear': true,
})
export const personKinds = all<PersonKind>({ student: true, staff: true, guardian: true, visitor: true })
export const propertyTypes = all<Property['type']>({ number: true, boolean: true, string: true })
export const qualityKinds = all<QualityKind>({
  clock: true,
  gaps: true,
  rejected: true,
  late: true,
  duplicates: true,
  unknown: true,
})
export const qualityLevels = all<QualityLevel>({ good: true, look: true, bad: true })
export const visitStates = all<Visit['state']>({
  asked: true,
  expected: true,
  on_site: true,
  gone: true,
  refused: true,
})
export const leaveStates = all<LeaveState>({ asked: true, approved: true, refused: true, withdrawn: true })
export const leaveKinds = all<LeaveKind>({ sick: true, personal: true, other: true })
export const calendarKinds = all<CalendarEntry['kind']>({ term: true, day_off: true, workday: true })
export const sessionKinds = all<SessionKind>({
  arrival: true,
  meal: true,
  dorm: true,
  lesson: true,
  after_school: true,
  bus: true,
  duty: true,
  staff: true,
  meeting: true,
  exam: true,
})
export const turnUnits = all<TurnUnit>({ week: true, day: true, shift: true })
export const patternWeeks = all<PatternWeeks>({ odd: true, even: true })
export const weekdays = all<Weekday>({
  mon: true,
  tue: true,
  wed: true,
  thu: true,
  fri: true,
  sat: true,
  sun: true,
})
export const severities = all<Severity>({ info: true, warning: true, major: true, critical: true })
export const doorRules = all<DoorRule>({ staff: true, responders: true, free: true })
/** Roles of people; an integrator is a program. */
export const signInRoles = all<Exclude<Role, 'integrator'>>({
  admin: true,
  security: true,
  facility: true,
  teacher: true,
  vendor: true,
  district_admin: true,
})
/** Worst first. */
export const weaknesses = all<Exclude<Weakness, 'none'>>({
  serial_only: true,
  no_password: true,
  plain_text: true,
})
export const zoneKinds = all<ZoneKind>({
  gate: true,
  canteen: true,
  dorm: true,
  laboratory: true,
  classroom: true,
  office: true,
  corridor: true,
  outdoor: true,
  other: true,
})

// The signed-in user.

export type Me = S['Me']
export type School = S['School']
export type User = S['User']

// Places.

export type Building = S['Building']
export type Places = S['Places']

// Duty.

export type Suppression = S['SuppressionRow']
export type Duty = S['Duty']
export type DutyPlan = S['DutyPlan']
export type DutyPlanRota = S['DutyPlanRota']
export type DutyRota = S['DutyRota']
export type DutySpan = S['DutySpan']
export type Escalation = S['EscalationRow']
export type Lack = S['Lack']
export type EscalationStep = S['EscalationStep']
export type Holiday = S['Holiday']
export type Member = S['Member']
export type OverrideMade = S['OverrideMade']
export type Rota = S['Rota']
export type Try = S['Try']
export type RotaLine = S['RotaLine']
export type RotaRow = S['RotaRow']
export type Site = S['Site']
export type Zone = S['Zone']

// Devices.

export type Action = S['Action']
export type CommandResult = S['CommandResult']
export type Confinement = S['Confinement']
export type Device = S['DeviceRow']
export type DeviceCertificate = S['DeviceCertificate']
export type DeviceCommand = S['DeviceCommand']
export type DeviceCreated = S['NewDevice']
export type DeviceQuality = S['DeviceQuality']
export type DeviceSummary = S['DeviceCounts']
export type Driver = S['DriverInfo']
export type Field = S['Field']
export type Knock = S['Knock']
export type LogLine = S['LogLine']
export type MQTTInfo = S['MQTTInfo']
export type Probe = S['ProbeResult']
export type Profile = S['Profile']
export type ProfileUse = S['ProfileUse']
export type Property = S['Property']
export type QualityDay = S['QualityDay']
export type RefusedContent = S['RefusedContent']
export type Occurrence = S['OccurrenceRow']
export type Rejection = S['RejectionRow']
export type StatusRow = S['StatusRow']
export type Twin = S['Twin']
export type TwinValue = S['TwinValue']
export type UnknownField = S['UnknownField']
export type UnknownFields = S['UnknownFields']
export type Value = TwinValue['value'] | null

// Messages.

export type Address = S['Address']
export type Channel = S['ShownChannel']
export type ChannelKind = S['ChannelKind']
export type Contact = S['Contact']
export type Message = S['Summary']
export type MessageText = S['Template']
export type Preview = S['Preview']
export type Told = S['Told']
export type Wishes = S['Wishes']

// People.

export type Consent = S['Consent']
export type ImportLine = S['ImportLine']
export type ImportProgress = S['ImportProgress']
export type ImportRemark = S['Remark']
export type ImportReport = S['ImportReport']
export type Pass = S['Pass']
export type Person = S['Person']
export type PersonPage = S['PersonPage']
export type PersonRow = S['PersonRow']
export type Question = S['Question']

// Events.

export type Alert = S['AlertRow']
export type AlertEntry = S['Entry']
export type AlertGroup = S['Group']
export type AlertOutcomes = S['Outcomes']
export type CallEntry = S['CallEntry']
export type Calling = S['Calling']
export type Retelling = NonNullable<Alert['retold_why']>
export type HiddenBy = NonNullable<NonNullable<operations['list-alerts']['parameters']['query']>['hidden']>
export type Attendance = S['AttendanceRow']
export type PersonMonth = S['PersonMonth']
export type Present = S['Present']
export type DeskRow = S['DeskRow']
export type DeskList = S['DeskCount']['list']
export type Exception = S['Exception']
export type FigureCounts = S['FigureCounts']
export type FigureRow = S['FigureRow']
export type LineEntry = S['LineEntry']
export type Muster = S['Muster']
export type MusterPerson = S['MusterPerson']
export type MusterState = MusterPerson['state']
export type MusterTick = S['MusterTick']
export type GatewayEvent = S['Event']
export type Handover = S['Handover']
export type Incident = S['Incident']
export type IncidentDetail = S['IncidentDetail']
export type IncidentEntry = S['IncidentEntry']
export type IncidentPlace = S['IncidentPlace']
export type IncidentReport = S['IncidentReport']
export type IncidentStep = S['IncidentStep']
export type Procedure = S['ProcedureVersion']
export type ProcedureAnswer = S['ProcedureAnswer']
export type ProcedureStep = S['ProcedureStep']
export type ShiftNote = S['ShiftNote']
export type ShiftStanding = S['ShiftStanding']
export type Match = S['Match']
export type CalendarEntry = S['CalendarEntry']
export type Visit = S['Visit']
export type AtGate = S['AtGate']
export type LeaveRequest = S['RequestShown']
export type LeaveState = LeaveRequest['state']
export type LeaveKind = LeaveRequest['kind']
export type LeaveChain = S['LeaveChain']
export type MealCount = S['MealCount']
export type ClassMeals = S['ClassMeals']
export type Diet = S['Diet']
export type CalendarDay = S['CalendarDay']
export type CalendarImport = S['CalendarImport']
export type SessionPattern = S['SessionPattern']
export type DayTemplate = S['DayTemplate']
export type TimetableWeek = S['TimetableWeek']
export type TimetableDay = S['TimetableDay']
export type TimetableRun = S['Session']
export type TimetableProblem = S['TimetableProblem']
export type TimetableImport = S['TimetableImport']
export type Session = S['Session']
export type Sighting = S['SightingRow']

// API keys, webhooks and the gateway itself.

export type APIKey = S['APIKey']
export type AuditChange = S['AuditChange']
export type AuditEntry = S['AuditEntry']
export type Check = S['Check']
export type Delivery = S['Delivery']
export type NewKey = S['NewKey']
export type NewSecret = S['NewSecret']
export type NewWebhook = S['NewWebhook']
export type Recorded = S['RecordedFacts']
export type Refusal = S['Refusal']
export type Reload = S['Reload']
export type ReloadChange = S['ReloadChange']
export type Backtest = S['Backtest']
export type BacktestFinding = S['BacktestFinding']
export type Checked = S['Checked']
export type Explained = S['Explained']
export type ExplainedThen = S['ExplainedThen']
export type Ground = S['Ground']
export type Rule = S['Rule']
export type RuleTemplate = S['RuleTemplate']
export type ImportedRule = S['ImportedRule']
export type ImportedRules = S['ImportedRules']
export type TemplateUse = S['TemplateUse']
export type RuleProblem = S['RuleProblem']
export type RuleVersion = S['RuleVersion']
export type SetupState = S['SetupState']
export type Status = S['GatewayStatus']
export type Webhook = S['Webhook']

// The second factor.

export type Factor = S['Factor']
export type FactorRoles = S['FactorRoles']
export type FactorState = S['FactorState']
export type MakePasskey = S['MakePasskey']
export type NewTOTP = S['NewTOTP']
export type PasskeyCreation = S['PasskeyCreation']
export type PasskeyID = S['PasskeyID']
export type PasskeyRequest = S['PasskeyRequest']
export type Passkeys = S['Passkeys']
export type Recovery = S['Recovery']
export type ShowPasskey = S['ShowPasskey']
export type SignedIn = S['SignedIn']
