// Package registry keeps what the gateway knows between restarts: schools and their places,
// profiles, devices and twins, people with their consents and passes, users, keys, webhooks,
// alerts, attendance, the history of sightings and the audit log. It stands on database/sql,
// with SQLite (registry.db and history.db, one writer each) or one PostgreSQL.
//
// It refuses to answer without a scope: every read and write goes through [Registry.In], which
// confines it to the scope's schools and permissions. It refuses to keep a name, a number, a
// card, a secret or a face in clear: personal fields are encrypted under a key of the person's
// own, so that deleting a person destroys the key. It refuses a look at a child's page that it
// cannot write into the audit log, which is chained by hashes.
package registry
