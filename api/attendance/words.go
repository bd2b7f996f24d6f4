package attendance

// words describes fields in the document, as the gate's Words takes them: those of
// sightings, sessions, answers and leave.
const words = `
Muster.building: One of the school's buildings; absent: the whole school.
Muster.drill: A drill.
Muster.place: Where people gather.
Muster.started: When it began.
Muster.by: Who started it.
Muster.closed: When it was closed; absent: it is open.
Muster.closed_by: Who closed it.
Muster.report: What whoever closed it wants remembered.
Muster.counts: How far it is; of a closed one, how far it was. Lists have those of closed ones alone.
MusterCounts.sought: How many have to be found: in, or nobody can say.
MusterCounts.safe: Ticked as here.
MusterCounts.away: Ticked as safe elsewhere.
MusterCounts.missing: Called, and not here.
MusterCounts.waiting: To be found, and nobody has said anything.
MusterCounts.out: Out when it began, and nobody has said anything else.
exceptions: What somebody should look at: double_dip, low_margin, clock_skew.
date: The operational day, YYYY-MM-DD, in the school's time zone.
match: How a face was decided.
direction: in or out, where that is known.
final: It will change no more by itself.
input_hash: The hash of everything that the answer was computed from.
reasons: Why the answer is what it is.
session: The session's id.
name_zh: The Chinese name.
start: Sightings count from here.
due: Later than this is late.
end: Sightings count until here.
boarders: Boarders only.
demo: A demonstration, and labelled so.
from: From then on.
to: Until then.
SightingRow.resolved: When a passage of nobody became this person's: their number, card or consent came later
	than the passage.
SightingRow.late: History for its age alone, more than 15 minutes: its source sent it as news.
PersonMonth.days: The days of the month on which sessions concerned the person.
PersonMonth.counts: How many sessions had which answer, by answer.
PersonMonth.class: The class; the last one in the month.
PersonMonth.name: Empty for callers who may not read people.
PersonDay.states: The answers, in the order of the sessions: as those of attendance, but not_required.
Session.zone_kinds: The kinds of zone where people are expected.
Session.classes: The classes; empty: all.
Session.persons: People by id, expected whatever their class and kind; without classes nobody else is.
Session.who: The kinds of person.
Session.name: The session's name.
Session.pattern: The pattern of the timetable that made it; absent: somebody made it.
Session.date: The day of the timetable for which it was made, YYYY-MM-DD.
Session.period: The period of that day.
Session.edited: Somebody has changed what the timetable made, which leaves it alone from then on. Deleting it before
	it begins gives it back to the timetable.
Leave.offsite: Approved to be elsewhere.
Sighting.credential: What was shown, where it is not known: its last 4 characters.
Sighting.track: One face in one camera's view.
Match.score: Cosine similarity of the best candidate, -1 to 1.
Match.runner_up: Similarity of the second-best person; -1 where there is none.
Match.margin: Score less runner_up.
Match.frames: How many frames voted.
Match.reason: matched, below_threshold, low_margin, low_quality, nobody_enrolled, wrong_model, look_alike or
	no_consent.
Match.quality: Quality of the face, 0 to 1.
Attendance.sightings: The sightings behind the answer.
Attendance.zone: Where the deciding sighting was.
Attendance.was: In the event of a change: the state before; empty: there was no answer.
Attendance.cause: In the event of a change: what changed: sighting, time, leave, correction, session or
	person.
Attendance.until: In the event of a change: when the session ends.
Attendance.at: When the deciding sighting was.
`
