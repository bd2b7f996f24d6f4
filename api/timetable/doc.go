// Package timetable is the API of what a school's sessions are made of: patterns, templates of days,
// the days that have one, changes of single days, what comes of it, and files.
//
// Which sessions a day has, rules/timetable decides; the gateway's follower writes them.
package timetable
