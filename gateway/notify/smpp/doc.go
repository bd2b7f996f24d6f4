// Package smpp sends letters as short messages by an operator's message centre (SMPP 3.4), on one
// connection that is bound as a transceiver and stays, since the centre reports on it what became of
// letters.
//
// It refuses to try twice, and to decide which number is whose. What people answer by SMS is
// acknowledged and not kept.
package smpp
