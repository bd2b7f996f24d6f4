// Package gate is what every request to the API passes, and where the API's areas register their
// operations: who is it, may they, how often, how much, once or again, and every error as a
// problem document. It begins the OpenAPI document, which registering fills in.
//
// It refuses to know any area: what an operation does, and what is seen in it, is the area's and
// the registry's scope. It holds no state that matters: rates live in bounded memory and are
// forgotten by a restart, answers kept for idempotency keys are the registry's.
package gate
