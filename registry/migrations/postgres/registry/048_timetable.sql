-- The timetable: patterns with all their versions, templates of days, the days that have one, and
-- changes of single days; and of each session, which pattern made it for which day.
CREATE TABLE session_patterns (
  id TEXT NOT NULL, version INTEGER NOT NULL, school TEXT NOT NULL REFERENCES schools (id),
  body TEXT NOT NULL, PRIMARY KEY (id, version)
);
CREATE INDEX session_patterns_school ON session_patterns (school, id, version);
CREATE TABLE day_templates (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), body TEXT NOT NULL
);
CREATE INDEX day_templates_school ON day_templates (school, id);
CREATE TABLE template_days (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id),
  template TEXT NOT NULL REFERENCES day_templates (id), ends TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX template_days_school ON template_days (school, ends);
CREATE TABLE pattern_changes (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), date TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX pattern_changes_school ON pattern_changes (school, date);
ALTER TABLE sessions ADD COLUMN pattern TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN date TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_date ON sessions (school, date);
