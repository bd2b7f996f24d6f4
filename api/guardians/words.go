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
