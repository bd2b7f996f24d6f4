// Package calendar keeps what the days of each school are: terms, days off, and the working days in
// their place. A school has those of the districts above it, too. It does not decide what a day is,
// which package rules/calendar does.
package calendar
