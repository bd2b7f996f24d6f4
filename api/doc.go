// Package api is the gateway's HTTP surface: the JSON API under /v1 with its OpenAPI 3.1
// document, the live stream (server-sent events), the telemetry query
// API and the embedded console.
//
// Every request but sign-in, first run and health passes the same gate: who is it, may they,
// how often, how much. What they then see is decided by the registry's scope and nowhere
// else. The package refuses to hold state of its own that matters: rate limits live in bounded
// memory and are forgotten by a restart, the answers kept for idempotency keys in the registry.
package api
