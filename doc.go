// Package gatehouse names the domain: schools, devices, people, observations, events, alerts
// and attendance. It imports the standard library only, holds no state, opens nothing and
// never asks for the time; everything that does belongs to a package that imports this one.
package gatehouse
