// Package people keeps people and what belongs to them: consents, passes, face templates and
// look-alikes; it also imports people from files. Personal fields are encrypted under a key of each
// person. It refuses access to a student's page without a reason, and if the access cannot be
// recorded in the audit log.
package people
