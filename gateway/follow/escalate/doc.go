// Package escalate sees to it that an alert is answered: it calls whoever is on duty, step by step
// of the school's chain, until somebody has the alert in hand, and tells the head where nobody has.
// How far each alert has come is kept in the registry, so that it goes on after a restart.
//
// It decides neither what is an alert nor who is on duty, it sends nothing itself, and it never
// escalates the alert by which it tells the head.
package escalate
