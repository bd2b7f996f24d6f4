package rules

// words describes fields in the document, as the gate's Words takes them.
const words = `
Rule.id: The rule's id; with @ and the school's id where a school has written it.
Rule.plain_id: The id in its text.
Rule.yaml: As it was written.
Rule.text: The text of the rule alone, as it is given back with a change.
Rule.per: What one alert of it is about: device, zone, building, person, track, driver or school.
Rule.origin: file: the gateway's files, which are changed there. school: written by a school.
Rule.file: The file of a rule of the gateway's files.
Rule.line: Its line in the file.
Rule.school: The school that has written it.
Rule.school_name: The name of the school that has written it.
Rule.mine: The caller sees the school that has written it; others hold from above.
Rule.enabled: It holds for at least one of the schools that the caller sees.
Rule.replaces: It stands in the place of another rule with the same id.
Rule.replaced: Schools that have a rule of their own in its place.
Rule.version: The newest version, of a school's rule.
Rule.template: The template that it began as.
Rule.note: Why it was changed last.
Rule.by_name: Who changed it last.
Rule.at: When it was changed last.
Rule.problem: Why it is not in force, though it is enabled.
Rule.found: Alerts that it has raised and that are still kept.
Rule.firing: Of these, those that are not resolved and whose condition holds.
Rule.last_found: When it raised the newest of them.
Checked.id: The id in the text, where it can be read.
Checked.problems: What is wrong; empty: it can be kept.
Checked.doubts: What the school's profiles, rooms or devices do not know.
RuleProblem.line: The line in the text, from 1.
RuleProblem.column: The character in the line, from 1.
RuleProblem.length: How many characters the word there has.
RuleProblem.path: Where that is in the rule, such as when.all[0].property.
RuleProblem.message: What is wrong, and how to mend it.
RuleProblem.reason: A word for a program; id_taken: another rule has the id, and this one may stand in its place.
RuleTemplate.id: The id of its rule.
RuleTemplate.group: What it is about.
RuleTemplate.text: The rule to begin from.
RuleTemplate.version: Names its text: another text is another version.
RuleTemplate.uses: How many rules of the caller's schools began as it.
RuleTemplate.schools: Those schools.
RuleTemplate.school_count: How many schools these are.
RuleTemplate.rules: The rules that began as it.
TemplateUse.rule: The rule's id.
TemplateUse.school: The school that has it.
TemplateUse.school_name: The school's name.
TemplateUse.version: The version of the template on which it stands; absent: that is not known.
TemplateUse.older: That is not the one that ships now.
TemplateUse.changed: The school has changed the text besides its id.
TemplateUse.base: The text of the older version.
ImportedRules.dry_run: Nothing was written.
ImportedRules.rules: In the order of the file.
ImportedRule.id: The id of the school's rule.
ImportedRule.what: added; newer: it takes the place of what the school had taken before and not changed; same: nothing to do; kept: the school's own text stays; refused.
ImportedRule.was: The text that the school has had.
ImportedRule.is: The text of the file.
ImportedRule.problem: Why it is refused.
ImportedRule.reason: A word for a program, of a problem.
RuleVersion.text: The rule as it was written.
RuleVersion.enabled: Whether it held.
RuleVersion.replaces: It stood in the place of another rule with the same id.
RuleVersion.template: The template that it began as.
RuleVersion.note: Why it was changed.
RuleVersion.deleted: It was deleted with this version.
RuleVersion.by: Who: the id of a user or key.
RuleVersion.by_name: Who, by name.
RuleVersion.at: When.
Backtest.id: Its id.
Backtest.state: running, done or failed.
Backtest.from: From when it looks.
Backtest.to: Until when.
Backtest.begins: When the first event was received that it read; later than from where the journal does not go back that far.
Backtest.reached: How far it has come.
Backtest.events: How many events it has read.
Backtest.found: How many alerts there would have been.
Backtest.findings: The first 200 of them.
Backtest.cut: Why it was ended before its end: time, events or stopped.
Backtest.problem: Why it failed.
BacktestFinding.at: When the alert would have been raised.
BacktestFinding.ended: When it would have ended; absent: it would still hold, or is of a moment.
BacktestFinding.lasts: The rule's condition lasts; otherwise it is of a moment.
BacktestFinding.count: How often it would have been counted.
BacktestFinding.device_name: The device's name as it is now.
BacktestFinding.zone_name: The zone's name as it is now.
BacktestFinding.values: What was measured.
Explained.why: What the rule makes of the device, or of the room, now; absent where none was named.
Explained.standings: Where the rule holds now, or has begun to.
Explained.more: How many of these are left out.
Explained.alerts: Its newest alerts, those of the device or room where one was named.
Explained.in_force: The rule is in force.
Explained.problem: Why it is not, though it is enabled.
Explained.hiding: The shelves and maintenance windows that keep such an alert off the wall now.
Explained.names: Names of the devices and zones that occur, by id.
ExplainedThen.id: Its id.
ExplainedThen.state: running, done or failed.
ExplainedThen.rule: The rule that it is about.
ExplainedThen.device: The device that it is about.
ExplainedThen.zone: The room that it is about.
ExplainedThen.at: The moment.
ExplainedThen.from: From when on it has read the journal; what devices said before is not known.
ExplainedThen.reached: How far it has come.
ExplainedThen.events: How many events it has read.
ExplainedThen.cut: Why it was ended before the moment, and says nothing: time or stopped.
ExplainedThen.problem: Why it failed.
ExplainedThen.short: Why it reads less than the rule may remember: journal (it begins later) or events (there are too many).
ExplainedThen.rule_changed: The rule was changed after the moment, last at this time; absent: it was not, or is one of a file, of which that is not known.
ExplainedThen.explained: What the rule made of it then, once it is done; alerts are those that had begun and were not over.
Explanation.at: At what time.
Explanation.phase: quiet, waiting (it holds, but not yet for long enough), muted, firing; or outside (the device is not of its where) or unheard (the device has said nothing yet).
Explanation.outside: The list of where that the device is not in.
Explanation.per: What one alert is about.
Explanation.key: Which one.
Explanation.since: Since when its condition holds, or its alert fires.
Explanation.due: When it would raise an alert.
Explanation.ending: When its alert would end.
Explanation.muted_by: The rule whose alert speaks for it.
Explanation.behind: With muted_by: what the device hangs on and the alert is about.
Explanation.alert: The alert that fires.
Explanation.moment: Its condition is true for a moment only.
Explanation.when: Its condition.
Explanation.clear: The condition for its end.
Ground.kind: The condition's word in the language.
Ground.holds: yes, no or unknown.
Ground.property: The property that it reads.
Ground.seen: What is known of each device, at most 8.
Ground.more: How many devices are left out.
Ground.count: How many happenings are counted now; of a baseline, for how many weeks the hour is known.
Ground.need: How many there have to be.
Ground.usual: Of a baseline: what is usual at this hour of this weekday; absent: 0, or not known.
Ground.until: When time alone may change it.
Ground.of: The conditions in it.
Ground.says: The condition in one line.
SeenValue.state: The device's state.
SeenValue.at: When the value was received.
SeenValue.old: It is too old to count, or its device is out of reach.
SeenValue.missing: It was never reported.
Watched.key: The device, room or other that it is about.
Watched.phase: waiting, muted or firing.
Watched.since: Since when.
Tried.tests: The tests, in their order.
Tried.passed: How many were right.
Tried.failed: How many were not.
Tried.problems: What is wrong with the rule or the tests, or where a test found something else.
TestResult.name: What it tests.
TestResult.passed: It found what it should.
TestResult.line: Its line.
`
