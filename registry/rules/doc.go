// Package rules keeps the rules that a school or district has written itself, every version of
// each, who wrote it, when and why. It refuses to know the rule language: its callers have checked
// a text before it is kept.
package rules
