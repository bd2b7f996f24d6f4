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
Lockdown.idle: Actions of the level that no device was there for, so that nothing was done; its alert says so.
Lockdown.cleared: When it ended; absent: it stands.
Lockdown.cleared_by: The user who gave the all-clear; never the one who raised it.
Lockdown.cleared_by_name: Their name.
Lockdown.clear_note: What they wrote.
Lockdown.next: The lockdown that took its place before an all-clear.
ThreatLevel: What a school does at a level above normal.
ThreatLevel.id: Its id.
ThreatLevel.title: Its name, as everybody reads it.
ThreatLevel.title_zh: The same in Chinese.
ThreatLevel.text: What everybody is to do.
ThreatLevel.text_zh: The same in Chinese.
ThreatLevel.severity: The severity of its alert.
ThreatLevel.raise: What is commanded when it is raised.
ThreatLevel.clear: What is commanded at the all-clear.
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
