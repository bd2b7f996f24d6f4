package fleet

// words describes fields in the document, as the gate's Words takes them: those of
// devices, profiles, drivers, what was refused and data quality.
const words = `
partial: All else of the message was admitted.
clock_refused: Not admitted, since their own time was impossible.
day: The day, YYYY-MM-DD, local to the school.
late: Live, and received long after their own time.
duplicates: Received before; counted as nothing else.
unknown: Sightings whose card, code, PIN or number nobody has.
strangers: Faces of nobody who is enrolled.
rejected: Not admitted: did not fit the profile, or was not allowed.
gaps: Silences that touch the day.
gap_seconds: Seconds of the day in silence.
type: The type of device.
address: What the driver needs to find the device; no secrets.
profile: The profile's id.
serial: The maker's serial number.
behind: The device that it hangs on: a switch, a gateway or a power supply; empty: none is named.
enabled: false: registered and left alone.
excerpt: The beginning of what arrived; never a credential, a face or a name.
DeviceQuality.level: How far the data is to be trusted: good, look (worth a look) or bad (not to be trusted).
DeviceQuality.clock: The device's clock against the gateway's.
DeviceQuality.replayed: Kept by the device while it was out of reach, and sent later.
DeviceQuality.sightings: Sightings among them that are no duplicates.
DeviceQuality.clock_median_ms: The median by which the device's clock is ahead, in milliseconds; exact to the
	bin.
DeviceQuality.findings: The reasons not to trust it, the gravest first.
DeviceQuality.observations: Readings and sightings admitted, the duplicates among them.
QualityDay.replayed: Kept by the device while it was out of reach, and sent later.
QualityDay.kinds: For how many devices each kind of finding was made.
QualityDay.devices: Devices that reported, or were missing.
QualityDay.look: Devices that are worth a look.
QualityDay.bad: Devices whose data is not to be trusted.
QualityDay.observations: Readings and sightings admitted, the duplicates among them.
Finding.level: look, or bad: not to be trusted.
Finding.kind: clock, gaps, rejected, late, duplicates or unknown.
Finding.message: What it means and what to do, in English.
Rejection.code: Why it was refused, for programs: unknown_device, other_driver, disabled, clock_ahead, clock_behind, misfit, empty, state,
	sighting, occurrence, unreadable, payload or topic. Absent for what was refused before there were codes.
Rejection.clock: The device's time, where that is why.
Rejection.properties: The values of a reading that did not fit; none where it was refused as a whole.
RejectionRow.code: Why it was refused, for programs: unknown_device, other_driver, disabled, clock_ahead, clock_behind, misfit, empty, state,
	sighting, occurrence, unreadable, payload or topic. Absent for what was refused before there were codes.
RejectionRow.clock: The device's time, where that is why.
RejectionRow.properties: The values of a reading that did not fit; none where it was refused as a whole.
RejectionRow.kept: How many bytes of what was refused are kept, sealed: it may be about people. Absent where
	nothing is, or where the excerpt shows it.
RejectionRow.time: When the gateway had it.
OccurrenceRow.name: The name that the device has now; absent where it is there no more.
OccurrenceRow.profile: The profile that the device has now, whose events say what the kind means.
OccurrenceRow.late: History for its age alone, more than 15 minutes: its source sent it as news.
UnknownField: Something that a device sends and that its profile does not know.
UnknownField.name: The field's name.
UnknownField.kind: number, boolean or string; absent where it is no single value.
UnknownField.example: The newest number or truth; texts are not kept.
UnknownField.count: How often it came.
UnknownField.first: When it first came.
UnknownField.last: When it last came.
DeviceCommand: One thing that a device was told to do, and what became of it.
DeviceCommand.id: The command's id.
DeviceCommand.action: The action of the device's profile; write: a property was set.
DeviceCommand.school: The device's school.
DeviceCommand.state: accepted (the gateway sends it once the device is there), sent (without an answer yet), delivered
	(the device has taken it), applied (its driver calls it done), refused, expired (it was not sent in time) or unknown
	(it was sent, and the answer was lost).
DeviceCommand.reason: Why it was refused, expired or is unknown, or what the driver said.
DeviceCommand.by: Who: a person, a key, or a rule.
DeviceCommand.made: When it was given.
DeviceCommand.due: When it expires, unless it was sent.
DeviceCommand.changed: When its state last changed.
DeviceCommand.times: The states that it has come to, in order.
DeviceCommand.alert: The alert for which it was given.
DeviceCommand.lockdown: The lockdown for which it was given.
DeviceCommand.drill: It was given in a drill.
DeviceCommand.tries: How often it was sent.
DeviceCommandRow: One thing that a device was told to do, with the device's name.
DeviceCommandRow.device_name: The name of the device.
CommandTime: When a command came to a state.
CommandTime.state: The state.
CommandTime.at: When.
CommandTime.lost: It waits again since the answer of the device was lost: it may have been done.
Status.causes: What the reason says, as codes with what stands in their words; absent where a driver gives its
	own words alone.
Status.weak: How the device proves itself, the worst that its driver knows of; none: nothing. Absent: nothing is
	said.
Twin.causes: What the reason says, as codes with what stands in their words; absent where a driver gives its own
	words alone.
Twin.weak: How the device proves itself, as its driver last said; none: nothing weak is known. Absent: nobody
	has said.
Twin.reported: What the device measured last, by property.
Twin.desired: What the device was asked to be, by property.
Twin.last_seen: When the device was heard of last.
StatusRow.causes: What the reason says, as codes with what stands in their words; absent where a driver gives
	its own words alone.
Reason.code: What it is, as a word that never changes its meaning; a vendor may have words of its own.
Reason.params: What stands in the words of the code, by name.
ProfileUse: How many devices have a profile.
ProfileUse.profile: The profile.
ProfileUse.devices: How many of the devices that the caller sees have it.
DeviceCertificate: A certificate with which a device has come.
DeviceCertificate.fingerprint: SHA-256 of the certificate, in hexadecimal.
DeviceCertificate.serial: Its number, in hexadecimal.
DeviceCertificate.issuer: Who issued it.
DeviceCertificate.not_before: It holds from then.
DeviceCertificate.not_after: It holds until then.
DeviceCertificate.first: When the device first came with it.
DeviceCertificate.last: When the device last came with it, to a day.
DeviceCertificate.revoked: It opens nothing any more.
ClockOffsets: By how much the times of live observations lay ahead of the gateway's clock on arrival; behind is
	negative.
ClockOffsets.count: How many observations had a time of their own.
ClockOffsets.min_ms: The smallest, in milliseconds.
ClockOffsets.max_ms: The largest, in milliseconds.
Profile.sightings: The ways in which it sees somebody.
Profile.properties: The named values of the device.
Profile.actions: What the device can be told to do.
Profile.retention: How long readings are kept; empty: the default class.
Profile.offline_after: Seconds of silence after which the device counts as offline; 0: 120.
Profile.vendor: The maker.
Profile.no_answer: What the device does where the gateway does not answer its question in time: deny (as where it
	is absent), or allow, which it tells as an event named unanswered.
Profile.events: What can happen at the device, by name; alarm, door, sale and tamper mean the same in every
	profile.
DeviceRow.twin: What the device reported and what was asked of it.
MQTTInfo.tls: Over TLS.
MQTTInfo.host: The host.
MQTTInfo.port: The port.
MQTTInfo.username: The user name.
MQTTInfo.client_id: The MQTT client id.
MQTTInfo.prefix: What the device's topics begin with.
MQTTInfo.example: A command line that works.
DriverInfo.profiles: Profiles that the driver brings along.
DriverInfo.observations: How many observations it gave.
DriverInfo.devices: How many devices it serves.
DriverInfo.pid: The process id.
DriverInfo.restarts: How often it was restarted.
DriverInfo.pinned: Its checksum is fixed in the configuration.
DriverInfo.sha256: The program's checksum.
DriverInfo.contract: The version of the driver contract.
DriverInfo.settings_schema: What the driver itself wants to be told.
DriverInfo.template: The operator writes the profile of its devices.
DriverInfo.address: What the driver needs of each device.
DriverInfo.version: The driver's version.
DriverInfo.state: starting, running, backoff, quarantined, refused or stopped.
DriverInfo.title: The driver's name for people.
Field.key: The name of the field.
Field.help: A hint in English.
Field.help_zh: A hint in Chinese.
Field.default: The value where nothing is given.
Field.required: It is needed.
Field.secret: It is shown as dots and kept encrypted.
LogLine.level: How serious the line is.
Refusal.claimed: Who it claimed to be.
Refusal.count: How often since.
Refusal.source: The address it came from.
Property.unit: UCUM, or a plain word.
Property.minimum: The smallest value.
Property.maximum: The largest value.
Property.enum: The values that are possible.
Property.writable: It may be asked to be something.
Property.forms: Where the value lives, for the driver.
Property.reports: When the device reports it: periodic (again and again, as where it is absent), or change.
Property.own: It tells of the device itself, such as its battery, and not of what the device watches.
Property.type: number, boolean or string.
Action.input: What the action takes.
Action.idempotent: Doing it twice is as doing it once: it is sent again where the answer was lost.
Action.irreversible: No other command takes it back: drills leave it out unless told otherwise.
Affordance.data: What may come with it, by name.
DriverInfo.answered: Questions of its devices that were answered in time, since the gateway started.
DriverInfo.unanswered: Questions without an answer: too many at a time, too late, or none could be given. Its
	devices did what their profiles say under no_answer.
Write.outcome: done; refused (it is as it was); unconfirmed (it was sent, and nobody knows); or not_tried
	(nothing was sent).
CommandResult.writes: What came of each property that was to be set, where the driver says so; absent from
	drivers of before.
`
