package access

// words describes fields in the document, as the gate's Words takes them: those of
// users, keys and the audit log.
const words = `
role: What the user may do.
full_name: The name that colleagues see.
APIKey.permissions: What it may do.
APIKey.last_used: When it was used last.
APIKey.revoked: It was taken back.
APIKey.screen: It is a guard room's screen: it reads what that shows, and nothing else.
Pairing.state: waiting for an administrator; paired; or there is none.
Pairing.code: What the screen shows and an administrator enters.
Pairing.expires: Until when the code is good.
APIKey.purpose: What it is for; empty for keys of before this was asked.
AuditEntry.deed: What was done, e.g. person.open.
AuditEntry.object: What it was done to.
AuditEntry.hash: SHA-256 over the entry before and this one.
AuditEntry.seq: The place in the audit log.
AuditEntry.people: The names of those whose ids stand in braces in the reason, for who may see people; not part
	of the log and its hash.
AuditEntry.changes: The fields that the deed changed.
AuditChange.field: The field's name; of one inside an object, with a dot.
AuditChange.before: What it was; empty where it was not there.
AuditChange.after: What it is now.
User.name: The sign-in name.
SetupInput.password: The administrator's password, at least 10 characters.
SetupInput.full_name: The administrator's name, as colleagues know it.
`
