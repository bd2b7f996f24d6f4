// Package messages keeps how people can be reached, what is to be told to whom, and what came of it
// for each recipient and channel. A message is told by steps: where the first does not reach
// somebody, or is not read in time, the next one follows.
//
// It sends nothing, and refuses to keep a rendered text: what is kept are a template's name and its
// parameters, sealed.
package messages
