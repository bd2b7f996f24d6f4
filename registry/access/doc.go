// Package access keeps users, sign-ins, second factors, failed attempts, API keys with their
// makers, and the responses to idempotent requests. It stores passwords, tokens and keys only as
// hashes.
package access
