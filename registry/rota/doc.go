// Package rota decides who is on duty at a time, where nobody is, and which step of an escalation
// chain is due when. It has no clock and no storage, knows neither addresses nor rights, and
// refuses to say who may be told.
package rota
