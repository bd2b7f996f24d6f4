// Package sessions keeps the school's sessions, leave, attendance and corrections. It does not
// compute attendance; its callers do.
package sessions
