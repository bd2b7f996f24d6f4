// Package post is the queue of messages to people: it begins the steps that are due, renders each
// letter in its reader's language, and hands it to a channel when the channel's pace allows. Alarms
// have workers of their own, so that a broadcast to a school delays none.
//
// The queue is kept in the registry and survives a restart; a letter may then be sent twice, under
// the same ID. The package refuses to know how a channel sends, and who is to be told what.
package post
