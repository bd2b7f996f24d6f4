// Package timetable decides which sessions a school has on a day: it expands patterns by the
// calendar, the day's template and the changes of the day. It is pure, with no clock and no
// database: the same inputs give the same sessions with the same ids, in any order of the inputs.
package timetable
