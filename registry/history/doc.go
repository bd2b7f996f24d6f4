// Package history keeps what was seen, what was refused, the devices' states, and the report on
// data quality, for as long as the school keeps them. It refuses to hold a name: it has ids, and
// asks for names when somebody reads who may see them.
package history
