// Package people keeps the school's people with what belongs to one: consents, passes and face
// templates, and who looks like whom; it also takes people out of a file. Personal fields are
// sealed under a key of the person's own. It refuses a look at a student's page without a reason,
// and one that cannot be written into the audit log.
package people
