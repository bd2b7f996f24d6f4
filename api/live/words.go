package live

// words describes fields in the document, as the gate's Words takes them: those of
// events and what is in them.
const words = `
Event.late: History for its age alone, more than 15 minutes: its source sent it as news.
Event.reading: Values measured together, where kind is reading.
Event.rejection: Why an observation was refused, where kind is rejected.
Event.lockdown: The threat level, raised or ended, where kind is lockdown.
Event.rule: The new version of a school's own rule, where kind is rule.
RuleChange.rule: The rule's id, as in GET /v1/rules/{id}.
RuleChange.version: Its newest version.
RuleChange.deed: What became of it.
RuleChange.enabled: Whether it holds.
RuleChange.replaces: It stands in the place of another rule with the same id.
RuleChange.by: Who: the id of a user or key.
RuleChange.by_name: Who, by name.
RuleChange.note: Why.
Event.suppression: What became of a shelf or maintenance window, where kind is suppression.
SuppressionChange.suppression: Its id, as in GET /v1/suppressions/{id}.
SuppressionChange.kind: A shelf or a maintenance window.
SuppressionChange.deed: What became of it. A weekly window begins and ends each time.
SuppressionChange.reason: Why it hides.
SuppressionChange.from: When it begins.
SuppressionChange.until: When it ends, as it stands.
SuppressionChange.alert: Of a shelf: the alert.
SuppressionChange.by: Who made it, or ended it by hand.
SuppressionChange.by_name: The name of who did.
Event.command: The command and its new state, where kind is command.
Event.attendance: The answer, where kind is attendance.
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
Decision.reason: Why not, or why a threat level lets them pass whatever they show; absent otherwise.
Decision.level: The threat level that stood, if any.
Decision.lockdown: The lockdown of that.
Decision.drill: It was a drill's.
Event.occurrence: What happened at the device, where kind is occurrence.
Event.incident: The incident, where kind is incident.
Occurrence.id: The occurrence's id: one that its device tells twice has the same id, where the device counts what it
	tells.
Occurrence.kind: Which event of the device's profile it is; alarm, door, sale and tamper mean the same in every
	profile.
Occurrence.data: What came with it, as the profile's event says.
`
