// Package gate is what every request to the API passes, and where the API's areas register their
// operations. It identifies the caller, checks permission, rate and body size, handles idempotency
// keys and preconditions, and answers every error as a problem document. It begins the OpenAPI
// document, which registering fills in.
//
// It knows no area: what an operation does is the area's, and what it may see is the registry's
// scope. It holds no state that matters: rates are in bounded memory and forgotten by a restart,
// answers kept for idempotency keys are in the registry.
package gate
