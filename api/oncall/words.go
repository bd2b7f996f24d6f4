package oncall

// words describes fields in the document, as the gate's Words takes them: those of duty.
const words = `
able: May handle the school's alerts now; who may not is skipped.
rota: The rota's id.
people: Who is on duty, or able to be.
hole: Nobody is on duty who may handle alerts.
Rota.lines: Who takes turns, and when. Whoever is on any line is on duty.
Rota.holidays: Days that lines treat apart.
Rota.calendar: Days off by the school's calendar are holidays, too.
RotaRow.lines: Who takes turns, and when. Whoever is on any line is on duty.
RotaRow.holidays: Days that lines treat apart.
RotaRow.holes: Times in which nobody is on duty who may handle alerts, the first 50.
RotaRow.holes_total: How many such times there are.
RotaRow.hole_hours: How long they are together, in hours.
RotaRow.holes_until: Until when they were looked for: four weeks.
RotaLine.name: What the line is called.
RotaLine.days: On which days shifts begin, mon to sun; empty: each.
RotaLine.start: When a shift begins and a turn is handed over, HH:MM by the school's clock.
RotaLine.end: When a shift ends, HH:MM; on the next day where it is not after start.
RotaLine.first: The day on which the first turn begins, YYYY-MM-DD.
RotaLine.last: The last day on which a shift begins, YYYY-MM-DD; absent: it goes on.
RotaLine.each: What a turn is counted in: weeks, days, or shifts that take place.
RotaLine.every: How many of these a turn lasts; absent: 1.
RotaLine.turns: The turns, in order and over again: the users who are on duty together. An empty turn is nobody's.
RotaLine.holidays: off: no shift begins on a holiday; only: shifts begin on holidays alone; absent: holidays are days.
Holiday.name: What the holiday is called.
Holiday.from: The first day, YYYY-MM-DD.
Holiday.to: The last day, YYYY-MM-DD.
Override.by: Who entered it.
Override.for: Who is not on duty; absent: who comes comes in addition.
Override.who: Who is on duty instead; absent: nobody.
Override.reason: Why.
Override.created: When it was entered.
OverrideMade.by: Who entered it.
OverrideMade.for: Who is not on duty; absent: who comes comes in addition.
OverrideMade.who: Who is on duty instead; absent: nobody.
OverrideMade.reason: Why.
OverrideMade.created: When it was entered.
OverrideMade.holes: Times of it in which nobody is on duty who may handle alerts, the first 50.
EscalationRow.disabled: It calls nobody.
EscalationRow.severities: For alerts of these severities; absent: of each.
EscalationRow.buildings: For alerts in these buildings; with zones both absent: everywhere.
EscalationRow.zones: For alerts in these zones.
EscalationRow.steps: Whom to call, one after the other.
EscalationRow.wait_minutes: How long after the last step the steps are gone through again, or the head is told.
EscalationRow.repeat: How often all steps are gone through again.
EscalationRow.lacks: What of it tells nobody now, for want of a channel or an address; empty: nothing.
Lack.field: Where in the chain, such as steps[0].channels[1].
Lack.step: The step, from 0.
Lack.what: deleted: the channel is not there; off: the channel is switched off; unserved: no channel goes this
	way; silent: no channel goes any of the ways by which the step tells its people; deaf: somebody whom the step
	tells has confirmed no address that one of its ways reaches.
Lack.channel: Of deleted and off: the channel's id.
Lack.way: Of unserved: the way.
Lack.user: Of deaf: the user.
Lack.name: Of deaf: the user's name.
EscalationStep.after_minutes: How long after the step before; of the first: after the alert opened.
EscalationStep.rotas: Whoever is on duty in these.
EscalationStep.users: These users.
EscalationStep.roles: Everybody of these roles.
EscalationStep.channels: These channels, such as the robot of a group.
EscalationStep.tries: How people are told, by one try after the other; absent: push and e-mail, SMS where it was not
	read in 1 minute, a call after 2 more.
Try.ways: Tried at once: push, email, sms or voice. Each stands in one try.
Try.unread_minutes: The next try follows where this was not read in so many minutes; absent: only where nothing of
	it could be sent.
Member.role: The role.
Duty.rotas: Who is on duty, rota by rota.
Duty.uncovered: Severities, of critical and major, for which no chain holds everywhere in the school.
DutyRota.until: Until when these are on duty; absent: for the next four weeks.
DutyRota.next: Who is on duty then.
DutyPlan.rotas: The plan, rota by rota.
DutyPlanRota.spans: Who is on duty, one span after the other without a gap.
DutyPlanRota.overrides: Who stands in for whom in that time.
Calling.alert: The alert's id.
Calling.state: due: a step is to come; answered: somebody has it in hand, or it is over; unanswered: nobody
	answered and no step is left; none: no chain is for it.
Calling.chain: The chain's id.
Calling.chain_name: The chain's name.
Calling.chain_name_zh: The chain's Chinese name.
Calling.step: The next step, from 0.
Calling.steps: How many steps the chain has now; 0 where it is gone.
Calling.round: How often all steps were gone through.
Calling.due: When the next step is due.
Calling.head: The alert that tells the head that nobody answered.
Calling.log: What was done, the newest last.
CallEntry.due: When it was to be done.
CallEntry.chain: The chain's id.
CallEntry.step: The step, from 0.
CallEntry.round: The round, from 0.
CallEntry.what: told; no_rights: the person may not handle alerts any more; nobody: nobody was on duty; gone: the
	rota or channel is there no more; no_way: the message could not be handed over; ran_out: the head was told.
CallEntry.user: Who.
CallEntry.name: The name.
CallEntry.channel: Which channel.
CallEntry.message: The id of the message.
CallEntry.rota_name: The rota's name; absent where it is gone.
CallEntry.channel_name: The channel's name; absent where it is gone.
CallEntry.state: What came of the message to this recipient; absent where nothing was sent, or the message is forgotten.
CallEntry.code: Why it failed, such as no_address.
CallEntry.read: When the recipient read it or took the alert.
CallEntry.ways: By which channels it went.
CallWay: A message on its way to one person by one channel.
CallWay.channel: The channel's id.
CallWay.channel_name: The channel's name; absent where it is gone.
CallWay.way: How it goes: email, sms, push, voice or chat.
CallWay.state: What came of it there.
CallWay.code: Why it failed, such as smtp 550.
CallWay.sent: When the other side took it.
CallWay.delivered: When it arrived, where the other side says so.
`
