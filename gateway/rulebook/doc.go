// Package rulebook holds the rules in force: those of the folder, and those that schools have
// written and the registry keeps. It checks a rule before it is kept, puts changes into force while
// the gateway runs, and tries drafts over the past. It refuses to decide what a rule finds, which
// package rules does, and to keep anything itself.
package rulebook
