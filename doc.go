// Package gatehouse defines the domain: schools, devices, people, observations, events, alerts and
// attendance. It imports the standard library only, holds no state, does no I/O and has no clock;
// what needs these is in packages that import this one.
package gatehouse
