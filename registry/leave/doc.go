// Package leave keeps the leave that guardians ask for: who answers, in which order, and what they said.
// With the last approval it becomes a leave of package sessions in the same transaction, so that
// attendance knows at once; withdrawn, that ends in the same way. It does not know who signs in on the
// guardians' page, and it tells nobody.
package leave
