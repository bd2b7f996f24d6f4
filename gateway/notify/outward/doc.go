// Package outward connects to servers that administrators name: it refuses addresses that nothing may
// be sent to, after DNS as before, follows no redirect and reads no more of an answer than it should.
//
// It knows nothing of what is sent.
package outward
