// Package registry stores the gateway's data: schools and places, profiles, devices and twins,
// people with consents and passes, users, keys, webhooks, alerts, attendance, the history of
// sightings and the audit log. It uses database/sql with SQLite (registry.db and history.db, one
// writer each) or one PostgreSQL database.
//
// Every read and write goes through [Registry.In], which restricts it to a scope's schools and
// permissions. Names, numbers, cards, secrets and faces are never stored in clear: personal fields
// are encrypted under a key of each person, so that deleting the key deletes the person's data.
// Access to a child's page fails if it cannot be recorded in the audit log, which is a hash chain.
package registry
