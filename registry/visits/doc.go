// Package visits keeps who visits each school: asked for, expected, on site, gone; the public page on
// which they register themselves; and who is not let in. While a visit is approved each visitor is a
// person with a code that gates know. It does not decide who a gate lets in, and it does not tell
// anybody.
package visits
