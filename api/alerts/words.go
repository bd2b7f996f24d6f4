package alerts

// words describes fields in the document, as the gate's Words takes them: those of
// alerts and incidents.
const words = `
version: Rises with every change; send it back with a change.
severity: How severe it is.
by: Who.
comment: What was said about it.
opened: When it began.
closed: When it was closed.
firing: The condition still holds.
resolved: When it was resolved.
last_fired: When the condition was met last.
rule: The rule's id.
acknowledged: Since when somebody has it in hand; absent: nobody has.
handler: Who handles it.
handler_name: The name of who handles it.
resolver: Who resolved it; nobody where it was over by itself.
resolver_name: The name of who resolved it.
closer: Who put it away; nobody where its time was up.
closer_name: The name of who put it away.
event_seq: The journal sequence of the event that raised it.
Wall.items: The most urgent ones: the most severe first, of these what still holds before what is over, then those
	that nobody has acknowledged, then the newest. With a building or zone, what has no place is among them.
Wall.open: How many nobody has acknowledged, whether they are in items or not.
Wall.acknowledged: How many somebody has acknowledged and not resolved.
Wall.groups: With group and without key: the most urgent groups.
Wall.group_count: How many groups there are, whether they are in groups or not.
Group.key: Names the group; pass it as key to get its alerts.
Group.school: The school.
Group.count: How many alerts it has.
Group.unacknowledged: How many of them nobody has in hand.
Group.firing: Of how many the condition holds.
Group.newest: When the newest began.
Group.oldest: When the oldest began.
Group.rules: The rules of its alerts.
Group.zones: Where they are.
Group.places: Rooms, and devices that are in none, at most eight: where it still holds first.
Group.place_count: How many places there are.
Group.unheard: Of how many that fire the device is no longer heard.
Group.last_heard: When the latest of those devices was heard last.
GroupPlace.zone: The room; absent: the device is in none.
GroupPlace.device: A device that reported there.
GroupPlace.device_name: The device's name.
GroupPlace.firing: Of how many alerts there the condition holds.
AlertRow.last_heard: When the device was heard last, where the alert fires and the device is no longer heard.
Group.driver: Of cause: the driver of their devices, where that is what they have in common.
Group.alert: The most urgent one.
Tally.critical: Of the severity critical.
Tally.major: Of the severity major.
Tally.warning: Of the severity warning.
Tally.info: Of the severity info.
Alert.drill: It is part of a drill.
AlertRow.commands: What devices were told to do because of it, and what came of that.
AlertRow.moved_to: Where the device is now; absent where that is where the alert was raised.
AlertRow.moved_to_name: The name of the zone where the device is now.
AlertRow.picture_until: Somebody keeps the picture until then; absent: it lives for hours.
AlertRow.device_name: The device's name.
AlertRow.zone_name: The zone's name.
AlertRow.person_name: The person's name; empty for callers who may not read people.
IncidentStep.text_zh: The text in Chinese.
Incident.steps: The procedure.
Incident.procedure: The procedure that it began with; absent: none.
Incident.procedure_version: That procedure's version then, which it keeps; 0: it is not kept anywhere.
Incident.procedure_school: Whose version that is; absent: the gateway's files'.
Incident.drill: It is a drill.
Incident.cause: What a further alert must have in common to be gathered; absent: only people add alerts.
Incident.within_s: How long after the alert before it a further one is gathered, in seconds.
Incident.latest: When the newest alert that a rule found was gathered.
Incident.contained: Since when it spreads no further.
Incident.contained_by: Who said that it spreads no further.
Incident.closed_by: Who closed it.
Incident.outcome: What it turned out to be; absent: nobody has said.
Incident.conclusion: What it was and what was done, in words.
Incident.reopened: How often it was opened again after it was closed.
Incident.reopened_at: When it was opened again last.
Incident.merged_into: The incident that took its alerts; alerts are those that it had then.
Incident.happened: In events only: what has just happened to it.
IncidentDetail.procedure: The procedure that it began with; absent: none.
IncidentDetail.procedure_version: That procedure's version then, which it keeps; 0: it is not kept anywhere.
IncidentDetail.procedure_school: Whose version that is; absent: the gateway's files'.
IncidentDetail.where: The rooms of its alerts: those where something still holds first.
IncidentDetail.steps: The procedure.
IncidentDetail.drill: It is a drill.
IncidentDetail.cause: What a further alert must have in common to be gathered; absent: only people add alerts.
IncidentDetail.within_s: How long after the alert before it a further one is gathered, in seconds.
IncidentDetail.latest: When the newest alert that a rule found was gathered.
IncidentDetail.contained: Since when it spreads no further.
IncidentDetail.contained_by: Who said that it spreads no further.
IncidentDetail.closed_by: Who closed it.
IncidentDetail.outcome: What it turned out to be; absent: nobody has said.
IncidentDetail.conclusion: What it was and what was done, in words.
IncidentDetail.reopened: How often it was opened again after it was closed.
IncidentDetail.reopened_at: When it was opened again last.
IncidentDetail.merged_into: The incident that took its alerts; alerts are those that it had then.
IncidentDetail.happened: In events only: what has just happened to it.
IncidentDetail.alerts: The alerts that belong to it.
IncidentDetail.handover: The hand-over to the police.
Entry.incident: The incident into which it was moved; absent: out of one.
IncidentPlace.zone_name: The room's name.
IncidentPlace.floor: The floor's id, where the room names one.
IncidentPlace.floor_name: The floor's name.
IncidentPlace.building: The building's id.
IncidentPlace.building_name: The building's name.
IncidentPlace.site_name: The site's name.
IncidentReport.where: The rooms of its alerts.
IncidentReport.alerts: Its alerts, at most 200; alert_count is of all.
ProcedureAnswer.text_zh: The answer in Chinese.
ProcedureStep.text_zh: The text in Chinese.
StepAnswer.text_zh: The answer in Chinese.
ReportMoment.alerts: The alerts that it is about.
ReportMoment.firing: When it was contained or closed: of how many of its alerts the condition held.
ReportMoment.state: Of a call: what came of the message.
ReportMoment.code: Of a call: why the message failed.
ReportMoment.channels: Of a call: the channels by which it went.
ReportMoment.read: Of a call: when it was read.
ReportMoment.drill: It is part of a drill.
ReportMoment.outcome: What it turned out to be.
ShiftStanding.hidden: Shelves and maintenance windows that hide alerts now, or will within a day.
ShiftStanding.hidden_count: How many there are of them.
StandingSuppression.id: The shelf's or window's id.
StandingSuppression.kind: A shelf or a maintenance window.
StandingSuppression.reason: Why.
StandingSuppression.by_name: The name of who made it.
StandingSuppression.holds: It hides alerts now.
StandingSuppression.from: When it begins next; absent: it holds now.
StandingSuppression.until: Until when it holds; absent: it does not.
StandingSuppression.hides: How many alerts it hides now.
StandingSuppression.title: Of a shelf: the alert's title.
StandingSuppression.title_zh: The title in Chinese.
StandingSuppression.covers: Names of buildings, rooms and devices, and ids of rules; empty: everything.
StandingAlert.drill: It is part of a drill.
StandingAlert.incident: The incident that it belongs to.
StandingAlert.device_name: The device's name.
StandingAlert.zone_name: The room's name.
StandingAlert.assignee_name: The name of who shall see to it.
StandingIncident.drill: It is a drill.
IncidentStep.answers: Of a question: the answers; one of them is sent with the tick.
IncidentStep.answer: The answer that was given.
IncidentStep.branch: The answer that leads to this step; absent: it is for every case.
IncidentStep.skipped: No answer leads to it as things are.
IncidentStep.owner: The role that does it, as the procedure says.
IncidentStep.person: Who shall do it, as somebody said.
IncidentStep.person_name: The name of who shall do it.
IncidentStep.within_s: How long it may take from when it comes up, in seconds.
IncidentStep.due: By when it is to be done.
StepAnswer.id: What is sent as the answer.
StepBranch.step: The question's step, from 0.
StepBranch.answer: The answer's id.
IncidentEntry.n: Rises with each entry, with gaps.
IncidentEntry.what: What happened.
IncidentEntry.by_name: The name of who did it; absent: a rule or the gateway.
IncidentEntry.step: The step, from 0.
IncidentEntry.answer: The answer's id; of a step that was undone, the one that was given before.
IncidentEntry.alerts: The alerts that it is about.
IncidentEntry.other: The other incident.
IncidentEntry.to: Whom the step was given to; absent: nobody.
IncidentEntry.to_name: The name of whom the step was given to.
IncidentEntry.outcome: What it turned out to be.
IncidentPlace.alerts: How many alerts it has there.
IncidentPlace.firing: Of how many the condition holds.
IncidentPlace.device: A device that reported there.
IncidentPlace.device_name: The device's name.
IncidentPlace.unheard: Of how many that fire the device is no longer heard.
IncidentPlace.last_heard: When the latest of those devices was heard last.
IncidentEntry.firing: When it was contained or closed: of how many of its alerts the condition held.
IncidentPlace.camera: The nearest camera; absent for callers who may not read devices, and beyond eight rooms.
OpenInput.school: The school; empty: the caller's own.
OpenInput.title: What it is; empty: the procedure's title, else the first alert's.
OpenInput.title_zh: The title in Chinese.
OpenInput.severity: Empty: that of the most severe alert, else major.
OpenInput.procedure: The procedure to begin with, as it holds for the school now.
OpenInput.zone: The room where it is; empty: where its alerts are.
IncidentDetail.zone: The room where it is, as somebody said; its alerts may be elsewhere.
OpenInput.alerts: Alerts that belong to it.
OpenInput.drill: It is a drill.
OpenInput.comment: What for.
TickInput.answer: Of a question: the id of one of its answers.
UntickInput.comment: Why.
CloseIncidentInput.outcome: What it turned out to be; empty: it is not known. A drill ends as one.
MoveInput.add: Alerts that belong to it.
MoveInput.remove: Alerts of it that do not.
MergeInput.into: The incident that takes its alerts.
ProcedureVersion.id: The procedure's id, which rules name.
ProcedureVersion.school: Whose it is; empty: the gateway's files'.
ProcedureVersion.version: Rises with each change of this school's procedure.
ProcedureVersion.steps: What people do, in order.
ProcedureVersion.note: Why it was changed.
ProcedureVersion.deleted: It was deleted with this version.
ProcedureVersion.by: Who wrote it.
ProcedureVersion.by_name: The name of who wrote it.
ProcedureVersion.at: When.
ProcedureStep.owner: The role that does it; empty: whoever is there.
ProcedureStep.within_s: How long it may take from when it comes up, in seconds; 0: no time is set.
ProcedureStep.answers: Answers to the question that the step is, 2 to 8; the steps of the one that is given follow.
ProcedureAnswer.id: Unique within the question.
ProcedureAnswer.steps: What follows when it is given.
PutProcedureInput.version: The version of the school's own that was seen, 0 for none; another is a conflict.
PutProcedureInput.note: Why it is changed.
PutProcedureInput.title_zh: The title in Chinese.
PutProcedureInput.steps: What people do, in order: at most 100 in all branches, questions at most 4 deep.
ShiftNote.text: What there is to say.
ShiftNote.given: When it was given.
ShiftNote.given_by: Who gave it.
ShiftNote.given_by_name: The name of who gave it.
ShiftNote.taken: When somebody signed for it; absent: nobody has.
ShiftNote.taken_by: Who signed for it.
ShiftNote.taken_by_name: The name of who signed for it.
ShiftNote.remark: What who took it has to say.
ShiftNote.standing: What was not over when it was given.
ShiftStanding.at: When that was.
ShiftStanding.incidents: Incidents that are not closed, the newest first, at most 100.
ShiftStanding.incident_count: How many incidents are not closed.
ShiftStanding.open: Alerts that nobody has in hand, the most urgent first, at most 100.
ShiftStanding.open_count: How many alerts nobody has in hand.
ShiftStanding.acknowledged: Alerts that somebody has in hand, at most 100.
ShiftStanding.acknowledged_count: How many alerts somebody has in hand.
ShiftStanding.silenced: Alerts that somebody resolved while the condition still holds, at most 100.
ShiftStanding.silenced_count: How many alerts were resolved while the condition still holds.
ShiftStanding.holders: Who has how many alerts on the wall.
StandingIncident.alerts: How many alerts it has.
StandingIncident.steps: How many steps its procedure has as things are.
StandingIncident.steps_done: How many of these are done.
StandingIncident.next: The first step that is not done.
StandingIncident.next_zh: The same in Chinese.
StandingAlert.ack_until: When it is told again.
ShiftHolder.handles: How many the user has acknowledged.
ShiftHolder.assigned: How many the user shall see to.
GiveShiftInput.school: The school; empty: the caller's own.
GiveShiftInput.text: What there is to say, beside what stands.
TakeShiftInput.remark: What there is to say.
IncidentReport.alert_count: How many alerts it has; alerts holds at most 200.
IncidentReport.timeline: What happened, oldest first.
IncidentReport.timeline_cut: How many later lines are left out, beyond 5000.
IncidentReport.figures: How long it took.
ReportFigures.acknowledged_s: From when it was opened until the first alert was in hand, in seconds.
ReportFigures.contained_s: From when it was opened until it was contained first, in seconds.
ReportFigures.closed_s: From when it was opened until it was closed, in seconds.
ReportFigures.steps: How many steps its procedure had as things were.
ReportFigures.steps_done: How many of these were done.
ReportFigures.steps_late: How many of these were late.
ReportMoment.of: What the line is about.
ReportMoment.what: What happened, in the words of what it is about: of an incident's log, an alert's history, a
	command's states, a call's, or raised and cleared.
ReportMoment.by_name: Who.
ReportMoment.by_link: It was done by the link of a message, without a sign-in.
ReportMoment.to_name: Whom it was given to, or who was told.
ReportMoment.subject: A device, a threat level or a channel.
ReportMoment.subject_zh: The same in Chinese.
ReportMoment.action: What the device was told to do.
ReportMoment.step: The step, from 0.
ReportMoment.answer: The answer's id.
ReportMoment.other: The other incident.
Incident.alerts: The alerts that belong to it.
Incident.handover: The hand-over to the police.
Handover.requested: The rule asks for a hand-over.
Handover.approver_role: Whose approval it needs.
Handover.approval: Empty, waiting, approved or refused.
Handover.link: off or on.
Handover.sent: It was handed over.
Alert.text: What it means and what to do, in English, where the alert says so.
Alert.text_zh: The same in Chinese.
Alert.state: Follows from the facts: closed, else resolved, else acknowledged, else open. Whether the
	condition holds is another fact: firing.
Alert.ended: Since when the condition is over; absent while it holds, and for a finding of a moment.
Alert.ack_until: When it is told again unless it is over by then.
Alert.flapping: The condition comes and goes: the alert goes on until it has been over for a while, and
	count says how often it held.
Alert.retold: How often it was told again.
Alert.retold_at: When it was told again last.
Alert.retold_why: Why it was told again last. fired_again: the condition holds again. ack_ran_out: the
	acknowledgement's time was up. withdrawn: somebody took the acknowledgement back. released: who had
	it in hand may handle alerts no more. risen: it became more severe. returned: what had hidden it
	ended.
Alert.hidden: What keeps it off the wall; absent: nothing. One that was resolved meanwhile keeps it, as the
	reason why nobody was told.
Alert.returned: When it came back to the wall from what had hidden it last.
Hiding.suppression: The shelf or window.
Hiding.reason: Why.
Hiding.by_name: The name of who shelved it or made the window.
Hiding.since: Since when.
Hiding.until: Until when, as it stands.
Hiding.set: When that end and reason were set.
Wall.hidden: How many are not over and not in items, open or acknowledged, since something hides them.
Hidden.shelf: Those that somebody has shelved.
Hidden.window: Those in a maintenance window.
Hidden.silenced: Those that somebody resolved although they fire, until they end.
SuppressionRow.id: The id.
SuppressionRow.school: The school.
SuppressionRow.reason: Why.
SuppressionRow.by: Who shelved the alert or made the window.
SuppressionRow.by_name: The name of who did.
SuppressionRow.made: When it was made.
SuppressionRow.from: When it begins.
SuppressionRow.until: When it ends, as planned.
SuppressionRow.weekly: The hours of each week in which a window holds; absent: all the time.
SuppressionRow.up_to: The worst severity that it hides; what becomes worse is told.
SuppressionRow.alert: Of a shelf: the alert.
SuppressionRow.rules: Of these rules; empty: of each.
SuppressionRow.devices: At these devices; empty: at each.
SuppressionRow.zones: With buildings: in these places; both empty: everywhere.
SuppressionRow.buildings: In any zone of these.
SuppressionRow.properties: Only what was raised by these values alone; empty: whatever it was raised by.
SuppressionRow.own_only: Only what is about the devices themselves (faults, silence, their batteries): what they
	watch rings.
SuppressionRow.ended: When somebody ended it before its time, or cancelled it.
SuppressionRow.ender: Who did.
SuppressionRow.ender_name: The name of who did.
SuppressionRow.changed: When it was last written.
SuppressionRow.state: planned, active or over. A weekly one is active between its hours, too.
SuppressionRow.holds_until: Until when it holds now; absent: it does not.
SuppressionRow.holds_next: When it holds next; absent: it holds now, or never will.
SuppressionRow.gone: What it names and the school does not have any more: it hides nothing by that.
Named.what: What it is of.
Named.id: Its id, as the window names it.
Named.name: Its name when the window was last saved; of a rule none.
SuppressionRow.hides: How many alerts it hides now that are not over.
SuppressionRow.hid: How many it has hidden, with those that it hides.
WeeklyHours.days: On which it begins; absent: on each.
WeeklyHours.start: Local time, HH:MM.
WeeklyHours.end: Local time, HH:MM; on the next day where it is not after start.
ShelveInput.minutes: For how long: at most 1440, of a critical alert 60.
ShelveInput.reason: Why it may leave the wall.
WindowInput.weekly: The hours of each week in which it holds; absent: all the time.
WindowInput.up_to: The worst severity that it hides; absent: major.
WindowInput.rules: Of these rules; empty: of each.
WindowInput.devices: At these devices; empty: at each.
WindowInput.buildings: In any zone of these.
WindowInput.own_only: Only what is about the devices themselves (faults, silence, their batteries): what they
	watch rings.
WindowInput.properties: Only what was raised by these values alone; empty: whatever it was raised by.
Alert.assignee: Who shall see to it; another than handler, perhaps.
Alert.assignee_name: The name of who shall see to it.
Alert.assigned: When it was assigned.
Entry.n: Rises with each entry, with gaps.
Entry.at: When.
Entry.what: What happened.
Entry.by_name: The name of who did it; absent: a rule or the gateway.
Entry.to: Whom it was assigned to, or taken from.
Entry.to_name: The name of that person.
Entry.by_link: It was done by the link of a message, without a sign-in.
Entry.until: How long the acknowledgement lasts.
Entry.from_severity: How severe it was before.
Entry.count: How often it had fired then.
Handler.id: The user's id.
Handler.name: The full name.
Handler.role: The user's role.
Outcome.id: The alert's id.
Outcome.ok: The deed was done to it.
Outcome.alert: The alert as it is now, where it was done.
Outcome.code: Why it was not done: the class of the error.
Outcome.reason: Why it was not done, in a word, where there is one.
Outcome.text: Why it was not done, in the caller's language.
Outcomes.done: To how many alerts it was done.
Outcomes.outcomes: One for each alert, in the order of ids.
Outcomes.undo: A token with which it can be undone; absent: there is nothing to undo.
Outcomes.undo_until: Until when it can be undone.
AcknowledgeInput.minutes: How long one has it in hand; 0: as long as its severity says.
BatchInput.deed: What is done to each.
BatchInput.ids: The alerts; one that is named twice counts once.
BatchInput.minutes: Of acknowledge: how long one has them in hand; 0: as long as the severity says.
	Of shelve: for how long, at most 1440, of a critical alert 60.
BatchInput.assignee: Of assign: who shall see to them; empty: nobody.
BatchInput.comment: What it was and what was done; resolve needs it, and shelve as the reason.
BatchInput.until_it_ends: Of resolve: silence those whose condition still holds, until that ends.
Alert.own: It is about the device itself (a fault, silence, its battery), and not about what the device watches.
Alert.audible: The console makes a sound for it.
Alert.count: How often it fired: what fires again soon after it was over is the same alert.
Alert.values: What was measured when it fired.
Alert.sighting: The sighting's id, where there is one.
Alert.incident: The incident's id, where there is one.
Alert.person: The person's id, where somebody known is meant.
ResolveInput.until_it_ends: Silence the alert although its condition still holds, until that ends. Without it,
	such an alert is not resolved (reason still_holds).
ResolveInput.comment: What it was and what was done.
`
