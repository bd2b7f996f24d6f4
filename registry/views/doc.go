// Package views has the queries that read several aggregates. It never writes.
package views
