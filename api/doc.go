// Package api is the gateway's HTTP surface: the JSON API under /v1 with its OpenAPI 3.1
// document, the live stream (server-sent events), the telemetry query API and the embedded
// console. It puts the gate and the areas together and writes the document out.
//
// What a caller sees is decided by the registry's scope and nowhere else. The package refuses to
// hold state of its own that matters, and to do what takes longer than a request: that is handed
// to the parts in Deps.
package api
