-- Responses to POSTs with an Idempotency-Key, by a hash of caller and key. status is 0 while the
-- request is in progress, or if the gateway stopped before it ended.
CREATE TABLE idempotency (
  name TEXT PRIMARY KEY, request TEXT NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL,
  size INTEGER NOT NULL, answer_sealed BLOB
);
CREATE INDEX idempotency_at ON idempotency (at);
