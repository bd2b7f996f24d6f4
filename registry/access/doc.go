// Package access keeps who may do what: users, their sign-ins, second factors and tries, keys of
// programs with their makers, and the answers kept for requests that may come twice. It refuses to
// keep a password, a token or a key in a form that opens anything.
package access
