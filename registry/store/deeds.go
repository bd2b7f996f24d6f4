package store

// Deeds lists the actions that the audit log can record: a noun and a verb. The console has a text
// for each; the tests of api/texts compare the list with the source.
func Deeds() []string {
	return []string{
		"address.add", "address.confirm", "address.delete", "alert.acknowledge", "alert.assign",
		"alert.close", "alert.comment", "alert.resolve", "alert.shelve", "alert.silence",
		"alert.unacknowledge", "alert.undo", "alert.unshelve",
		"attendance.correct", "audit.anchor", "building.delete", "building.put",
		"camera.view", "chain.delete", "chain.put", "channel.create", "channel.delete",
		"channel.test", "channel.update", "consent.give", "consent.withdraw", "contact.leave",
		"contact.put",
		"device.command", "device.create", "device.delete", "device.desire", "device.fields",
		"device.password", "device.probe", "device.revoke", "device.update", "driver.restart",
		"entry.delete", "entry.put", "face.enrol", "face.look_alike", "factor.add", "factor.copied", "factor.recover",
		"factor.recovery", "factor.refused", "factor.remove", "factor.reset", "factor.roles",
		"factor.use", "floor.delete", "floor.picture", "floor.put", "floor.spots",
		"gateway.reload", "history.trim", "incident.alerts", "incident.approve",
		"incident.assign", "incident.close", "incident.contain", "incident.merge",
		"incident.note", "incident.open", "incident.refuse", "incident.reopen",
		"incident.separate", "incident.step", "incident.unstep", "key.create", "key.revoke",
		"key.take_over", "leave.delete", "leave.put", "leave.reasons", "level.delete",
		"level.update", "lockdown.clear", "lockdown.codes",
		"lockdown.duress", "lockdown.override", "lockdown.raise", "media.open", "message.send",
		"message.stop", "pass.add", "pass.delete", "people.import", "person.attendance",
		"person.back", "person.contact", "person.create", "person.delete", "person.leave",
		"person.open", "person.sightings", "person.update", "picture.delete", "picture.keep",
		"picture.lapse", "procedure.delete", "procedure.put", "profile.delete", "profile.put",
		"rejection.open", "rota.delete", "rota.override", "rota.put", "rota.restore",
		"rule.delete", "rule.put", "rule.restore", "rules.change", "rules.first",
		"school.create", "school.update", "screen.pair", "session.delete", "session.put",
		"setting.put",
		"shift.give", "shift.take", "sighting.manual", "sightings.back", "sightings.resolve",
		"signin.refused", "site.delete", "site.put", "template.put", "user.create",
		"user.password", "user.update", "visit.move", "visit.open", "visit.register",
		"webhook.create", "webhook.delete", "webhook.redeliver",
		"webhook.secret", "webhook.take_over", "webhook.update",
		"window.end", "window.put", "wishes.put", "zone.delete",
		"zone.put",
	}
}
