// Package oncall keeps rotas with their overrides, escalation chains, and how far the chain of each
// alert has come. It decides neither who is on duty at a time nor what step is due, which package
// rota does, and it tells nobody.
package oncall
