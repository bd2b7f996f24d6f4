// Package visits keeps who visits each school: asked for, expected, on site, gone. It does not
// decide who a gate lets in, and it does not tell anybody.
package visits
