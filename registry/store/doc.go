// Package store keeps rows for the registry and knows no noun: two databases with one writer each,
// transactions, how far a scope reaches, the keys under which rows are sealed, the audit log and
// its chain of hashes, the outbox, pages of lists, and what a commit tells of its changes.
//
// It refuses to answer before a scope's permission and reach are asked for, and it refuses to
// name a table of an aggregate: those packages write their own statements and run them here.
// It reads which schools there are, since they are what a scope is made of.
package store
