// Package procedures keeps what people do about incidents, step by step: every version of what a
// school or district has written, and of what stands in the gateway's files, who wrote it, when and
// why. It refuses to know incidents, and to change a version: an incident keeps the one that it
// began with.
package procedures
