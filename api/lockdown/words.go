package lockdown

// words describes fields in the document, as the gate's Words takes them.
const words = `
Lockdown: One time at which a school's threat level was not normal.
Lockdown.id: Its id.
Lockdown.level: The threat level.
Lockdown.title: The level's name.
Lockdown.title_zh: The same in Chinese.
Lockdown.text: What everybody is to do.
Lockdown.text_zh: The same in Chinese.
Lockdown.drill: It is a drill.
Lockdown.zone: Where it was raised; absent: nobody said.
Lockdown.note: What whoever raised it wrote.
Lockdown.raised: When it was raised.
Lockdown.raised_by: The user who raised it, or who answers for the key that did; absent for a rule.
Lockdown.raised_by_name: Their name, or the rule's.
Lockdown.incident: The incident that it is dealt with in.
Lockdown.alert: The alert that tells of it.
Lockdown.commands: How many commands devices were given.
Lockdown.spared: How many a drill did not give, because they are irreversible.
Lockdown.doors: Who passes the doors that ask the gateway while it stands; its responders are not named.
Lockdown.past: Commands that went to devices which it holds: the newest 100.
Lockdown.idle: Actions of the level that no device was there for, so that nothing was done; its alert says so.
Lockdown.cleared: When it ended; absent: it stands.
Lockdown.cleared_by: The user who gave the all-clear; never the one who raised it.
Lockdown.cleared_by_name: Their name.
Lockdown.clear_note: What they wrote.
Lockdown.next: The lockdown that took its place before an all-clear.
PastLevel: A command that went to a device which a threat level holds.
PastLevel.device: The device.
PastLevel.action: What it was told.
PastLevel.at: When.
PastLevel.by: Who had it sent.
PastLevel.reason: Why, as they wrote.
LevelDoors: Who passes the doors that ask the gateway while a level stands; doors that decide by themselves only follow what the level commands.
LevelDoors.in: The way in; absent: as at any other time. staff: staff only; responders: nobody but them; free: everybody, whatever they show.
LevelDoors.out: The way out, in the same words.
LevelDoors.responders: People who pass whatever the rule, with a credential that is valid.
ActionPreview: What one action of a level would do now.
ActionPreview.action: The action.
ActionPreview.devices: How many devices it would command.
ActionPreview.spared: How many a drill would leave out, because it is irreversible.
ActionPreview.away: How many of devices are away, and would get it once they are back.
ActionPreview.away_names: Names of those, the first 10.
ActionPreview.problem: Why no device would be commanded.
LevelPreview: What raising a level would do now.
LevelPreview.raise: What would be commanded.
LevelPreview.clear: What would be commanded at the all-clear.
LevelPreview.messages: Who would be told what.
MessagePreview: Whom one message of a level would tell, and what.
MessagePreview.sent: false: it is for other places, and would not be sent.
MessagePreview.channels: Channels that it would be posted to, by name.
MessagePreview.subject: Its subject in English.
MessagePreview.text: Its text in English.
MessagePreview.subject_zh: Its subject in Chinese.
MessagePreview.text_zh: Its text in Chinese.
MessagePreview.recipients: How many would be told.
MessagePreview.people: How many of them are people.
MessagePreview.users: How many are users.
MessagePreview.by_way: How many have an address that one of the school's channels reaches, by way.
MessagePreview.no_address: How many can be reached by no step.
MessagePreview.not_wished: Always 0: an alarm asks nobody's wish.
ThreatLevel: What a school does at a level above normal.
ThreatLevel.id: Its id.
ThreatLevel.title: Its name, as everybody reads it.
ThreatLevel.title_zh: The same in Chinese.
ThreatLevel.text: What everybody is to do.
ThreatLevel.text_zh: The same in Chinese.
ThreatLevel.severity: The severity of its alert.
ThreatLevel.raise: What is commanded when it is raised.
ThreatLevel.clear: What is commanded at the all-clear.
ThreatLevel.doors: Who passes the doors that ask the gateway.
ThreatLevel.messages: Who is told when it is raised, and at the all-clear.
ThreatLevel.triggers: What raises it by itself.
LevelMessage: Who is told of a level: everybody whom roles, kinds and channels name, each once, as an alarm.
LevelMessage.roles: Users of these roles.
LevelMessage.kinds: People of these kinds, such as all staff.
LevelMessage.channels: These channels, such as the robot of a group.
LevelMessage.buildings: Only where it was raised in one of these or in one of zones; both absent: wherever it was.
LevelMessage.zones: Only where it was raised in one of these or in one of buildings; both absent: wherever it was.
LevelTrigger: An occurrence that raises a threat level, at any device of the school where nothing narrows that down.
LevelTrigger.kind: The event of the device's profile.
LevelTrigger.device: Only at this device.
LevelTrigger.zone: Only in this zone.
LevelTrigger.data: What must have come with it.
LevelTrigger.drill: It raises a drill.
LevelAction: A command to every device of the school that knows it, as far as the other fields do not narrow that down.
LevelAction.action: An action of their profiles.
LevelAction.values: The action's input.
LevelAction.device: Only this device.
LevelAction.zone: Only devices in this zone.
LevelAction.building: Only devices in this building.
LevelAction.profile: Only devices of this profile.
LevelAction.type: Only devices of this type.
`
