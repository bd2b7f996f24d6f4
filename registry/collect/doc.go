// Package collect keeps who may collect a pupil and until when, who came to the gate for one, and who
// handed over. It opens no gate, and it raises no alert.
package collect
