-- Responses to POSTs with an Idempotency-Key, by a hash of caller and key. status is 0 while the
-- request is in progress, or if the gateway stopped before it ended.
CREATE TABLE idempotency (
  name TEXT PRIMARY KEY, request TEXT NOT NULL, at BIGINT NOT NULL, status BIGINT NOT NULL,
  size BIGINT NOT NULL, answer_sealed BYTEA
);
CREATE INDEX idempotency_at ON idempotency (at);
