// Package sessions keeps the school's sessions, leave, attendance and its corrections. It refuses
// to compute who was there: that is told to it.
package sessions
