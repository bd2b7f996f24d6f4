// Package alerts keeps alerts and incidents through their states, the rules' state and texts, and
// pictures that are kept longer. It does not decide what raises an alert; its callers do.
package alerts
