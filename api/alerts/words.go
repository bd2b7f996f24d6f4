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
Wall.items: The most urgent ones: the most severe first, of these those that nobody has acknowledged, then the newest.
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
Alert.retold: How often it was told again.
Alert.retold_at: When it was told again last.
Alert.retold_why: Why it was told again last. fired_again: the condition holds again. ack_ran_out: the
	acknowledgement's time was up. withdrawn: somebody took the acknowledgement back. released: who had
	it in hand may handle alerts no more. risen: it became more severe.
Alert.assignee: Who shall see to it; another than handler, perhaps.
Alert.assignee_name: The name of who shall see to it.
Alert.assigned: When it was assigned.
Entry.n: Rises with each entry, with gaps.
Entry.at: When.
Entry.what: What happened.
Entry.by_name: The name of who did it; absent: a rule or the gateway.
Entry.to: Whom it was assigned to, or taken from.
Entry.to_name: The name of that person.
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
BatchInput.assignee: Of assign: who shall see to them; empty: nobody.
BatchInput.comment: What it was and what was done; resolve needs it.
BatchInput.until_it_ends: Of resolve: silence those whose condition still holds, until that ends.
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
