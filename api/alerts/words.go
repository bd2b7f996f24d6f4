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
acknowledged: When somebody took it on.
handler: Who handles it.
handler_name: The name of who handles it.
resolver: Who resolved it; nobody where it was over by itself.
resolver_name: The name of who resolved it.
closer: Who put it away; nobody where its time was up.
closer_name: The name of who put it away.
event_seq: The journal sequence of the event that raised it.
Wall.items: The most urgent ones: the most severe first, of these those that nobody has acknowledged, then the newest.
Wall.open: How many nobody has acknowledged, whether they are in items or not.
Wall.acknowledged: How many somebody has acknowledged and not resolved.
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
Incident.alerts: The alerts that belong to it.
Incident.handover: The hand-over to the police.
Handover.requested: The rule asks for a hand-over.
Handover.approver_role: Whose approval it needs.
Handover.approval: Empty, waiting, approved or refused.
Handover.link: off or on.
Handover.sent: It was handed over.
Alert.text: What it means and what to do, in English, where the alert says so.
Alert.text_zh: The same in Chinese.
Alert.state: open, acknowledged, resolved or closed.
Alert.audible: The console makes a sound for it.
Alert.count: How often it fired while open.
Alert.values: What was measured when it fired.
Alert.sighting: The sighting's id, where there is one.
Alert.incident: The incident's id, where there is one.
Alert.person: The person's id, where somebody known is meant.
ResolveInput.until_it_ends: Silence the alert although its condition still holds, until that ends. Without it,
	such an alert is not resolved (reason still_holds).
ResolveInput.comment: What it was and what was done.
`
