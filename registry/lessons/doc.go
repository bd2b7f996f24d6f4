// Package lessons reads a timetable out of a table: a line for each lesson, with a weekday, or a line
// for each class and period, with a column for each weekday. It knows no school and no database:
// whether a class, a period, a teacher or a room is there, its caller finds out.
package lessons
