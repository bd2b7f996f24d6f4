package timetable

// words describes fields in the document, as the gate's Words takes them.
const words = `
SessionPattern.version: 1, 2, …: each change is the next, and days before it stay as they were.
SessionPattern.name: What its sessions are called.
SessionPattern.name_zh: The Chinese name.
SessionPattern.kind: What people are expected at.
SessionPattern.from: The first day on which this version holds, YYYY-MM-DD.
SessionPattern.to: The last day; absent: no end.
SessionPattern.days: On which days of the calendar it runs.
SessionPattern.weekdays: On which weekdays' timetables; absent: all.
SessionPattern.weeks: In odd or even weeks, counted from the one in which the term begins, without a term by the week of the year; absent: every week.
SessionPattern.start: HH:MM by the school's clock; absent: it runs in periods.
SessionPattern.due: HH:MM: later than this is late; absent: the start.
SessionPattern.end: HH:MM; not after the one before it: of the next day.
SessionPattern.periods: In which periods of the day's template, instead of times of its own.
SessionPattern.zones: Where people are expected.
SessionPattern.zone_kinds: The kinds of zone where people are expected.
SessionPattern.classes: The classes; absent: all.
SessionPattern.persons: People by id, as in a session.
SessionPattern.who: The kinds of person.
SessionPattern.boarders: Boarders only.
SessionPattern.by: Who said so.
SessionPattern.said: When it was said.
DayTemplate.name: What it is called.
DayTemplate.name_zh: The Chinese name.
DayTemplate.usual: It holds on days that have none.
DayTemplate.periods: All of the day; absent: the usual ones, moved by shift.
DayTemplate.shift: Minutes by which the day is later.
Period.name: What it is called.
Period.start: HH:MM by the school's clock.
Period.due: HH:MM: later than this is late; absent: the start.
Period.end: HH:MM.
TemplateDays.template: The template that these days have.
TemplateDays.from: The first day, YYYY-MM-DD.
TemplateDays.to: The last day, YYYY-MM-DD.
TemplateDays.classes: The classes for which it holds; absent: the whole school.
PatternChange.pattern: The pattern whose day is changed.
PatternChange.date: The day, YYYY-MM-DD.
PatternChange.period: The period; absent: all of the day.
PatternChange.cancel: It does not take place.
PatternChange.start: HH:MM: it begins at another time.
PatternChange.due: HH:MM.
PatternChange.end: HH:MM.
PatternChange.zones: It is in other rooms.
PatternChange.zone_kinds: Where, by kind of zone.
PatternChange.persons: Instead of those whom the pattern names.
PatternChange.by: Who said so.
TimetableWeek.timezone: By whose clock the times of patterns and templates are.
TimetableWeek.days: Monday to Sunday.
TimetableWeek.runs: The sessions, by day and start.
TimetableWeek.more_runs: Sessions beyond these.
TimetableWeek.problems: What is wrong.
TimetableWeek.more_problems: Problems beyond these.
TimetableWeek.calendar_ends: The last day of the calendar's terms, where it is near or over.
TimetableDay.date: The day, YYYY-MM-DD.
TimetableDay.school: There is school.
TimetableDay.runs_as: The weekday whose timetable the day has.
TimetableDay.week: The number of the week in the term, without a term that of the year: odd and even count by it.
TimetableDay.name: The holiday or working day that the calendar has then.
TimetableDay.name_zh: Its Chinese name.
TimetableDay.template: The template that the day has; absent: the usual one.
TimetableProblem.code: no_period: no template has the period; no_time: the clock skips its time; overlap: a class, a
	person or a room has two lessons at a time; no_class: nobody is of the class; no_room: the school has no such
	room; calendar_end: the day is after the last term.
TimetableProblem.date: The day, YYYY-MM-DD.
TimetableProblem.pattern: The pattern.
TimetableProblem.name: The pattern's name.
TimetableProblem.period: The period.
TimetableProblem.other: The pattern with which it overlaps.
TimetableProblem.other_name: That pattern's name.
TimetableProblem.class: The class that has two at a time, or that nobody is of.
TimetableProblem.person: Who has two at a time.
TimetableProblem.zone: The room that has two at a time, or that is not there.
TimetableImport.format: csv or xlsx.
TimetableImport.sheet: The workbook's sheet that was read.
TimetableImport.sheets: Its sheets.
TimetableImport.heading_line: The line of the headings; 0: none was found.
TimetableImport.columns: What each column is.
TimetableImport.from: The first day.
TimetableImport.to: The last day; absent: no end.
TimetableImport.lessons: Lessons that were read.
TimetableImport.classes: The classes that have them.
TimetableImport.plan: What is done, or would be.
TimetableImport.problems: What is wrong, by line.
TimetableImport.more_problems: Problems beyond these.
TimetableImport.errors: How many problems are errors; while there is one, nothing is kept without skip.
TimetableImport.kept: It was kept; else it was a look.
TimetableImport.sample: The first lessons as they were read.
TimetableImportProblem.line: The line of the file; 0: the file as a whole.
TimetableImportProblem.field: The column.
TimetableImportProblem.text: What is wrong, and the mend.
TimetableImportProblem.note: The lesson is taken all the same.
ImportedLesson.line: The line of the file.
ImportedLesson.class: The class.
ImportedLesson.weekday: The weekday.
ImportedLesson.period: The period.
ImportedLesson.subject: The subject.
ImportedLesson.teacher: The teacher as the file has it.
ImportedLesson.weeks: In odd or even weeks; absent: each week.
ImportedLesson.room: The room as the file has it.
Imported.new: Lessons that are new.
Imported.changed: Lessons that are others from now on.
Imported.same: Lessons that are so already.
Imported.ended: Lessons that the file does not have, and that end.
LessonColumn.heading: What stands above it.
LessonColumn.field: What it holds; -: nothing that is read.
`
