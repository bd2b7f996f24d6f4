package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// wordsFor describes the fields of the domain's types in the document: the types themselves
// carry no text for it. A word of its own ("Alert.count") goes before the common one.
func wordsFor(schemas map[string]*huma.Schema) {
	words := map[string]string{}
	for line := range strings.Lines(fieldWords) {
		name, text, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok {
			words[name] = text
		}
	}
	for name, s := range schemas {
		for field, p := range s.Properties {
			if p.Description != "" {
				continue
			}
			p.Description = words[field]
			base := strings.TrimSuffix(name, "Row")
			for _, n := range []string{base, name} {
				if text, ok := words[n+"."+field]; ok {
					p.Description = text
				}
			}
		}
		if s.Description == "" {
			s.Description = words[name]
		}
	}
}

const fieldWords = `
DeviceQuality.level: How far the data is to be trusted: good, look (worth a look) or bad (not to be trusted).
DeviceQuality.clock: The device's clock against the gateway's.
DeviceQuality.replayed: Kept by the device while it was out of reach, and sent later.
QualityDay.replayed: Kept by the device while it was out of reach, and sent later.
Finding.level: look, or bad: not to be trusted.
DeviceQuality.sightings: Sightings among them that are no duplicates.
Rejection.code: Why it was refused, for programs: unknown_device, other_driver, disabled, clock_ahead, clock_behind, misfit, empty, state, sighting, occurrence, unreadable, payload or topic. Absent for what was refused before there were codes.
Rejection.clock: The device's time, where that is why.
RejectionRow.code: Why it was refused, for programs: unknown_device, other_driver, disabled, clock_ahead, clock_behind, misfit, empty, state, sighting, occurrence, unreadable, payload or topic. Absent for what was refused before there were codes.
RejectionRow.clock: The device's time, where that is why.
Rejection.properties: The values of a reading that did not fit; none where it was refused as a whole.
RejectionRow.properties: The values of a reading that did not fit; none where it was refused as a whole.
RejectionRow.kept: How many bytes of what was refused are kept, sealed: it may be about people. Absent where nothing is, or where the excerpt shows it.
SightingRow.resolved: When a passage of nobody became this person's: their number, card or consent came later than the passage.
partial: All else of the message was admitted.
UnknownField: Something that a device sends and that its profile does not know.
UnknownField.name: The field's name.
UnknownField.kind: number, boolean or string; absent where it is no single value.
UnknownField.example: The newest number or truth; texts are not kept.
UnknownField.count: How often it came.
UnknownField.first: When it first came.
UnknownField.last: When it last came.
Event.late: History for its age alone, more than 15 minutes: its source sent it as news.
SightingRow.late: History for its age alone, more than 15 minutes: its source sent it as news.
DeviceCommand: One thing that a device was told to do, and what became of it.
DeviceCommand.id: The command's id.
DeviceCommand.action: The action of the device's profile; write: a property was set.
DeviceCommand.state: queued (the device is away), sent, delivered (the device has taken it), confirmed (its driver calls it done), failed, or expired (not taken in time).
Status.causes: What the reason says, as codes with what stands in their words; absent where a driver gives its own words alone.
Twin.causes: What the reason says, as codes with what stands in their words; absent where a driver gives its own words alone.
StatusRow.causes: What the reason says, as codes with what stands in their words; absent where a driver gives its own words alone.
Reason.code: What it is, as a word that never changes its meaning; a vendor may have words of its own.
Reason.params: What stands in the words of the code, by name.
Status.weak: How the device proves itself, the worst that its driver knows of; none: nothing. Absent: nothing is said.
Twin.weak: How the device proves itself, as its driver last said; none: nothing weak is known. Absent: nobody has said.
DeviceCommand.reason: Why it failed or expired, or what the driver said.
DeviceCommand.by: Who: a person, a key, or a rule.
DeviceCommand.made: When it was given.
DeviceCommand.due: When it expires, unless the device has taken it.
DeviceCommand.changed: When its state last changed.
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
Finding.kind: clock, gaps, rejected, late, duplicates or unknown.
Finding.message: What it means and what to do, in English.
ClockOffsets: By how much the times of live observations lay ahead of the gateway's clock on arrival; behind is negative.
ClockOffsets.count: How many observations had a time of their own.
min_ms: The smallest, in milliseconds.
max_ms: The largest, in milliseconds.
clock_median_ms: The median by which the device's clock is ahead, in milliseconds; exact to the bin.
clock_refused: Not admitted, since their own time was impossible.
day: The day, YYYY-MM-DD, local to the school.
findings: The reasons not to trust it, the gravest first.
QualityDay.kinds: For how many devices each kind of finding was made.
QualityDay.devices: Devices that reported, or were missing.
look: Devices that are worth a look.
bad: Devices whose data is not to be trusted.
DeviceQuality.observations: Readings and sightings admitted, the duplicates among them.
QualityDay.observations: Readings and sightings admitted, the duplicates among them.
late: Live, and received long after their own time.
duplicates: Received before; counted as nothing else.
unknown: Sightings whose card, code, PIN or number nobody has.
strangers: Faces of nobody who is enrolled.
rejected: Not admitted: did not fit the profile, or was not allowed.
gaps: Silences that touch the day.
gap_seconds: Seconds of the day in silence.
id: The id.
school: The school's id.
name: The name that people know.
reason: Why, in words.
state: The state.
created: When it was made.
person: The person's id; empty: unknown.
title: The title in English.
kind: The kind.
zone: The zone's id.
title_zh: The title in Chinese.
time: When it happened.
seq: The place in the journal.
device: The device's id.
version: Rises with every change; send it back with a change.
at: When.
method: How somebody was recognised.
class: The class, e.g. 7-2.
number: The school's own number for the person.
AlertRow.moved_to: Where the device is now; absent where that is where the alert was raised.
AlertRow.moved_to_name: The name of the zone where the device is now.
AlertRow.picture_until: Somebody keeps the picture until then; absent: it lives for hours.
KeptPicture.until: Until when the picture is kept.
RecordedFacts.people: People whom the school has entered.
RecordedFacts.consented: Of them, those whose face may be used.
RecordedFacts.enrolled: People with a face template of the present model.
RecordedFacts.outdated: People whose templates are of another model only: they are not compared, and need a new photograph.
RecordedFacts.cameras: Cameras of the school.
RecordedFacts.kept_pictures: Pictures of unknown people that somebody keeps longer.
media: The picture's id, for GET /v1/media.
source: Where it came from: a topic, a driver, an address.
values: Values by property.
severity: How severe it is.
boarder: Sleeps in the dorm.
by: Who.
type: The type of device.
sightings: The ways in which it sees somebody.
count: How often.
comment: What was said about it.
opened: When it began.
note: In words.
actor: Who did it.
address: What the driver needs to find the device; no secrets.
sighting: The sighting.
incident: The incident.
closed: When it was closed.
driver: The driver's name.
replayed: History that the device kept while it was out of reach.
firing: The condition still holds.
resolved: When it was resolved.
received: When the gateway had it.
profile: The profile's id.
exceptions: What somebody should look at: double_dip, low_margin, clock_skew.
language: en or zh-CN.
started: When it started.
date: The operational day, YYYY-MM-DD, in the school's time zone.
match: How a face was decided.
guardians: Who answers for the child.
last_fired: When the condition was met last.
status: The status.
serial: The maker's serial number.
rule: The rule's id.
text: The text in English.
text_zh: The text in Chinese.
acknowledged: When somebody took it on.
expires: When it ends.
enabled: false: registered and left alone.
phone: Telephone number.
done: It is done.
quality: Quality of the photograph, 0 to 1.
error: What went wrong.
direction: in or out, where that is known.
final: It will change no more by itself.
zones: Zones.
message: In words.
message_zh: In Chinese.
input_hash: The hash of everything that the answer was computed from.
disabled: It is switched off.
handler: Who handles it.
handler_name: The name of who handles it.
resolver: Who resolved it; nobody where it was over by itself.
resolver_name: The name of who resolved it.
closer: Who put it away; nobody where its time was up.
closer_name: The name of who put it away.
event_seq: The journal sequence of the event that raised it.
reasons: Why the answer is what it is.
session: The session's id.
excerpt: The beginning of what arrived; never a credential, a face or a name.
twin: What the device reported and what was asked of it.
device_name: The device's name.
zone_name: The zone's name.
person_name: The person's name; empty for callers who may not read people.
consent: The use of the face is allowed.
yaml: As it was written.
tls: Over TLS.
host: The host.
port: The port.
username: The user name.
client_id: The MQTT client id.
prefix: What the device's topics begin with.
example: A command line that works.
profiles: Profiles that the driver brings along.
observations: How many observations it gave.
devices: How many devices it serves.
pid: The process id.
restarts: How often it was restarted.
pinned: Its checksum is fixed in the configuration.
sha256: The program's checksum.
contract: The version of the driver contract.
settings_schema: What the driver itself wants to be told.
template: The operator writes the profile of its devices.
key: The name of the field.
help: A hint in English.
help_zh: A hint in Chinese.
default: The value where nothing is given.
required: It is needed.
secret: It is shown as dots and kept encrypted.
level: How serious the line is.
claimed: Who it claimed to be.
name_zh: The Chinese name.
start: Sightings count from here.
due: Later than this is late.
end: Sightings count until here.
zone_kinds: The kinds of zone where people are expected.
classes: The classes; empty: all.
who: The kinds of person.
boarders: Boarders only.
demo: A demonstration, and labelled so.
from: From then on.
to: Until then.
offsite: Approved to be elsewhere.
sites: Sites.
buildings: Buildings.
site: The site's id.
building: The building's id.
private: A dorm room, toilet or changing room: can bind no camera.
parent: The district that it belongs to.
timezone: IANA time zone.
role: What the user may do.
full_name: The name that colleagues see.
permissions: What it may do.
last_used: When it was used last.
revoked: It was taken back.
purpose: What it is for; empty for keys of before this was asked.
maker: The id of the user or key that made it; empty: nobody that is known.
maker_name: The name of who made it.
maker_state: active, or why what was made does not work: disabled, ended or gone; unknown where nobody knows who made it.
effective: What is left of it now that its maker may do.
url: Where events are posted to.
kinds: The kinds of event; empty: all but readings.
deed: What was done, e.g. person.open.
object: What it was done to.
hash: SHA-256 over the entry before and this one.
masked: The last characters of the credential.
model: The model that made the template.
given: true: allowed. false: withdrawn.
face: A face is enrolled.
cards: How many cards, codes and PINs there are.
consents: The records of consent, the newest first.
passes: What the person is recognised by.
properties: The named values of the device.
actions: What the device can be told to do.
retention: How long readings are kept; empty: the default class.
offline_after: Seconds of silence after which the device counts as offline; 0: 120.
vendor: The maker.
unit: UCUM, or a plain word.
minimum: The smallest value.
maximum: The largest value.
enum: The values that are possible.
writable: It may be asked to be something.
forms: Where the value lives, for the driver.
input: What the action takes.
reported: What the device measured last, by property.
desired: What the device was asked to be, by property.
last_seen: When the device was heard of last.
value: The value.
reading: Values measured together, where kind is reading.
rejection: Why an observation was refused, where kind is rejected.
alert: The alert, where kind is alert.
attendance: The answer, where kind is attendance.
credential: What was shown, where it is not known: its last 4 characters.
track: One face in one camera's view.
score: Cosine similarity of the best candidate, -1 to 1.
runner_up: Similarity of the second-best person; -1 where there is none.
margin: Score less runner_up.
frames: How many frames voted.
steps: The procedure.
alerts: The alerts that belong to it.
handover: The hand-over to the police.
weak: How weakly the device proves who it is; empty: as was last said.
requested: The rule asks for a hand-over.
approver_role: Whose approval it needs.
approval: Empty, waiting, approved or refused.
link: off or on.
sent: It was handed over.
webhook: The webhook's id.
event_id: The event's id, which is the webhook-id header.
attempt: How many attempts were made.
next: When it is tried next.
finished: When it was over.
line: The line in the file.
action: What is done with it.
field: The field.
lines: Line by line.
encoding: The file's encoding: UTF-8 or GBK.
updated: How many were changed.
same: How many were as they are.
errors: How many were wrong.
applied: It was done; false for a dry run and where any line is wrong.
uptime_s: Seconds since the start.
checks: What was checked.
journal: Figures of the journal.
mqtt: Figures of the MQTT front.
drivers: Figures of the drivers.
disk: Space for the gateway's data.
clock: The gateway's clock.
cursors: The journal's readers.
free_bytes: Free space in bytes.
total_bytes: Space in bytes.
offset_ms: How far the clock is off, in milliseconds.
lag: Events that it has not seen yet.
Alert.text: What it means and what to do, in English, where the alert says so.
Alert.text_zh: The same in Chinese.
Alert.state: open, acknowledged, resolved or closed.
Alert.audible: The console makes a sound for it.
Alert.count: How often it fired while open.
Alert.values: What was measured when it fired.
Alert.sighting: The sighting's id, where there is one.
Alert.incident: The incident's id, where there is one.
Alert.person: The person's id, where somebody known is meant.
AuditEntry.seq: The place in the audit log.
AuditEntry.people: The names of those whose ids stand in braces in the reason, for who may see people; not part of the log and its hash.
AuditEntry.changes: The fields that the deed changed.
AuditChange.field: The field's name; of one inside an object, with a dot.
AuditChange.before: What it was; empty where it was not there.
AuditChange.after: What it is now.
Attendance.sightings: The sightings behind the answer.
Attendance.zone: Where the deciding sighting was.
Attendance.at: When the deciding sighting was.
Delivery.subject: What the event is about: an alert, an incident, a person or a device. Those of one subject are posted in order; a later one waits while an earlier one is tried again.
Delivery.status: The HTTP status of the last attempt; 0: none came.
Delivery.created: When it was queued.
Consent.by: Who said so: a guardian's name, or self.
DriverInfo.address: What the driver needs of each device.
DriverInfo.version: The driver's version.
DriverInfo.state: starting, running, backoff, quarantined, refused or stopped.
DriverInfo.title: The driver's name for people.
Event.id: The event's id: the same event has the same id everywhere.
Event.kind: Says which part is set.
Event.time: When it happened: the device's clock if it has one.
Event.sighting: Somebody at a place, where kind is sighting.
Event.status: The device's state, where kind is status.
Event.decision: The answer to a device that asked whether somebody may pass, where kind is decision.
Decision.allow: Whether whoever it is may pass.
Decision.method: How they showed who they are.
Decision.person: Whose credential it is; absent: nobody's.
Decision.credential: What was shown, where it is nobody's: its last 4 characters.
Decision.reason: Why not; absent where they may.
Profile.no_answer: What the device does where the gateway does not answer its question in time: deny (as where it is absent), or allow, which it tells as an event named unanswered.
Event.occurrence: What happened at the device, where kind is occurrence.
Occurrence.id: The occurrence's id: one that its device tells twice has the same id, where the device counts what it tells.
OccurrenceRow.name: The name that the device has now; absent where it is there no more.
OccurrenceRow.profile: The profile that the device has now, whose events say what the kind means.
OccurrenceRow.late: History for its age alone, more than 15 minutes: its source sent it as news.
Occurrence.kind: Which event of the device's profile it is; alarm, door, sale and tamper mean the same in every profile.
Occurrence.data: What came with it, as the profile's event says.
Profile.events: What can happen at the device, by name; alarm, door, sale and tamper mean the same in every profile.
Affordance.data: What may come with it, by name.
Event.incident: The incident, where kind is incident.
GatewayStatus.connections: Figures of the connections to the console and the API, of what was refused, and of open files.
GatewayStatus.version: The gateway's version.
ImportBrake.affected: How many people would leave, move to another class, or lose or change a name.
ImportBrake.needed: Whether the import needs confirm with that number.
ImportBrake.of: How many people the school has.
ImportLine.changes: What changes of somebody who is known: field, from, to.
ImportLine.problems: What is wrong with the line, or worth knowing.
ImportLine.values: Of the first lines: every field as it will be written.
ImportChange.field: The field.
ImportChange.from: What was there; of a telephone number the last digits.
ImportChange.to: What will be there; empty: nothing.
ImportReport.skipped: How many lines are left out because of an error.
ImportReport.unnumbered: With a full roster: how many people have no number, and so stay.
ImportReport.leaving: With a full roster: who is in no line and leaves.
ImportReport.mode: What the file may change.
ImportReport.format: csv or xlsx.
ImportReport.encodings: Under which encodings the file can be read.
ImportReport.delimiter: Between the cells of a CSV.
ImportReport.sheet: The sheet of the workbook that is read.
ImportReport.sheets: The sheets that the workbook shows.
ImportReport.heading_line: The line of the headings; 0: there are none.
ImportReport.mapping: Where the columns' fields come from: given, remembered or guessed.
ImportReport.columns: The columns, and what each is read as.
ImportReport.problems: What is wrong with the file as a whole, or worth knowing.
ImportReport.brake: Whether so many people are changed that a word is needed.
ImportReport.token: Names exactly this outcome: send it to apply that and nothing else.
left: Since when the person no longer belongs to the school; absent: belongs to it.
ImportReport.created: How many were added.
ImportLine.field: The column.
Check.state: ok, warning or critical.
Check.name: What was checked.
Property.type: number, boolean or string.
Refusal.count: How often since.
Refusal.source: The address it came from.
RejectionRow.time: When the gateway had it.
Session.name: The session's name.
User.name: The sign-in name.
Webhook.reason: Why the gateway disabled it.
Match.reason: matched, below_threshold, low_margin, low_quality, nobody_enrolled, wrong_model, look_alike or no_consent.
Match.quality: Quality of the face, 0 to 1.
`
