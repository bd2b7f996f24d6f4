package guardians

// words describes fields in the document, as the gate's Words takes them.
const words = `
GuardianPageShown.school: The school.
GuardianPageShown.on: Guardians can sign in.
GuardianPageShown.notice: The school's own words on the page.
GuardianPageShown.notice_zh: In Chinese.
GuardianPageShown.changed: When it was set last; absent: never.
LeaveChain.school: The school.
LeaveChain.classes: Who answers first, by class.
LeaveChain.steps: Who answers then, in order.
LeaveChain.changed: When it was set last; absent: never.
ClassTeachers.class: The class.
ClassTeachers.users: Any of them answers.
LeaveChainStep.name: What the step is called.
LeaveChainStep.users: Any of them answers.
LeaveChainStep.over_days: Asked for leave of more days than these.
LeaveChainStep.kinds: For these kinds alone; absent: for all.
LeaveChainStep.classes: For these classes alone; absent: for all.
Listed.pupil: Who is collected.
Listed.from: They may collect from then on.
Listed.to: Until then.
Listed.name: Who may collect.
Listed.relation: Who they are to the pupil.
Listed.phone: The last digits of their telephone number.
Listed.card: The last digits of their identity card's number.
Listed.by: Who entered it.
Listed.added: When it was entered.
Listed.now: They may collect now.
AtGate.pupil: Who is to be collected.
AtGate.name: The pupil's name.
AtGate.class: The pupil's class.
AtGate.may_leave: A leave goes on now, or begins within the hour.
AtGate.leave_from: When that leave begins; absent: there is none.
AtGate.leave_to: When it ends.
AtGate.guardians: The pupil's guardians, who may always collect.
AtGate.collectors: Who else may collect, now or later.
AtGate.handovers: Who came for the pupil in the last 24 hours, newest first.
GuardianName.id: The guardian.
GuardianName.name: Their name.
Collected.pupil: Who was to be collected.
Collected.at: When they came.
Collected.collector: Who came, where they were listed.
Collected.guardian: Who came, where they are the pupil's guardian.
Collected.name: Who came.
Collected.stranger: They were neither listed nor a guardian.
Collected.given: The pupil went with them.
Collected.note: What was done.
Collected.by: Who stood at the gate.
RequestShown.id: The id; while it is approved, that of the leave that came of it.
RequestShown.person: The pupil.
RequestShown.guardian: Who asks.
RequestShown.state: asked: it waits for an answer; approved; refused; withdrawn by the guardian.
RequestShown.from: When the leave begins.
RequestShown.to: When it ends.
RequestShown.kind: What it is for: sick, personal or other.
RequestShown.reason: Why; only for those who answer, in the answer to a look at one request.
RequestShown.note: A sick note, as text; only where the reason is.
RequestShown.asked: When it was asked for.
RequestShown.decided: When it was approved, refused or withdrawn; absent: it was not.
RequestShown.steps: Who answers, one after the other.
RequestShown.name: The pupil's name; empty for callers who may not read people.
RequestShown.class: The pupil's class.
RequestShown.guardian_name: Who asks; empty for callers who may not read people.
RequestShown.may_answer: The caller may answer now.
RequestShown.waiting_step: The number of the step whose answer is waited for, from 0.
LeaveStep.name: What the step is called; absent: the class teacher's.
LeaveStep.users: Any of them answers; empty: anybody who writes attendance.
LeaveStep.answered: When it was answered; absent: it was not.
LeaveStep.approved: It was approved.
LeaveStep.by: Who answered.
LeaveStep.reason: Why it was refused; only where the request's reason is.
`
