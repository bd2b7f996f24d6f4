// Package alerts keeps alerts and incidents with their life, the rules' state and texts, and which
// pictures somebody keeps. It refuses to decide what is an alert: that is told to it.
package alerts
