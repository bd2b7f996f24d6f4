package calendar

// words describes fields in the document, as the gate's Words takes them.
const words = `
CalendarEntry.kind: term: its weekdays are school days, and days outside of all terms are not; day_off: no school;
	workday: school, whatever the weekday.
CalendarEntry.name: What it is called.
CalendarEntry.name_zh: The Chinese name.
CalendarEntry.from: The first day, YYYY-MM-DD.
CalendarEntry.to: The last day, YYYY-MM-DD.
CalendarEntry.runs_as: The weekday whose timetable a working day has; absent: its own.
CalendarEntry.classes: The classes for which it holds; absent: the whole school.
CalendarDay.date: The day, YYYY-MM-DD.
CalendarDay.school: There is school.
CalendarDay.runs_as: The weekday whose timetable the day has.
CalendarDay.entry: The entry that decides it; absent: the weekday, or that no term holds.
CalendarDay.name: That entry's name.
CalendarDay.name_zh: That entry's Chinese name.
CalendarImport.entries: What the file says; with an id where it was kept.
CalendarImport.known: Days that the calendar has already, as they are: left alone.
CalendarImport.left: What was left out, and why.
CalendarImport.left_more: Left out beyond these.
CalendarImport.kept: The entries were added; else it was a look.
CalendarLeft.what: What it is called, or where it stands.
CalendarLeft.why: Why it was left out.
`
