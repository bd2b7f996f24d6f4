// Package timetable keeps what a school's sessions are made of: patterns with all their versions,
// templates of days, the days that have one, and changes of single days. It makes no session of
// them, which package rules/timetable does.
package timetable
