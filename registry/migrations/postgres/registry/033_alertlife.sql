-- firing: the condition holds; -1 in rows of before, until they are brought up to date. acked and
-- ack_until: since when and until when an alert is acknowledged; 0: it is not. handler and assignee
-- are users. Alerts of the same cause are one group on the wall.
ALTER TABLE alerts ADD COLUMN firing BIGINT NOT NULL DEFAULT -1;
ALTER TABLE alerts ADD COLUMN acked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN ack_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN handler TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN assignee TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN cause TEXT NOT NULL DEFAULT '';
CREATE INDEX alerts_ack_until ON alerts (ack_until) WHERE ack_until > 0;
CREATE INDEX alerts_old ON alerts (id) WHERE firing < 0;
-- What happened to an alert. n follows from the alert's version.
CREATE TABLE alert_history (
  alert TEXT NOT NULL, n BIGINT NOT NULL, body_sealed BYTEA NOT NULL, PRIMARY KEY (alert, n)
);
-- Deeds over many alerts that can be undone for a short time.
CREATE TABLE alert_undos (
  token TEXT PRIMARY KEY, actor TEXT NOT NULL, until BIGINT NOT NULL, body_sealed BYTEA NOT NULL
);
