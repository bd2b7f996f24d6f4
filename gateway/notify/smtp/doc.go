// Package smtp sends letters by a mail server (RFC 5321), over TLS unless the settings say otherwise,
// on a few connections that are kept.
//
// It refuses to try twice and to know whose address it is. The Message-ID follows from the letter's
// ID, so that a mailbox can tell one that comes twice.
package smtp
