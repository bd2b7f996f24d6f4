// Package store is the database layer below the registry's aggregates: two databases with one
// writer each, transactions, the reach of scopes, encryption keys, the hash-chained audit log, the
// outbox, paging of lists, and notifications of committed changes.
//
// It knows no aggregate and names none of their tables: those packages run their own statements
// here. It gives no reach without checking the scope's permission. The one table that it reads is
// that of the schools, since scopes consist of them.
package store
