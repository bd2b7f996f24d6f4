// Package attend decides who was where they were expected: one answer for each person and session.
// It is pure: no clock, no database. README.md states the model in words.
package attend
