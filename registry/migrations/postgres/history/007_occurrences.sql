-- Occurrences of devices. data is JSON, '' if there was none; replayed is 1 for a replayed one and
-- 2 for one that counts as replayed only because of its age.
CREATE TABLE occurrences (
  seq BIGINT PRIMARY KEY, id TEXT NOT NULL, school TEXT NOT NULL, device TEXT NOT NULL, zone TEXT NOT NULL,
  kind TEXT NOT NULL, data TEXT NOT NULL, time BIGINT NOT NULL, received BIGINT NOT NULL, replayed BIGINT NOT NULL
);
CREATE UNIQUE INDEX occurrences_id ON occurrences (id);
CREATE INDEX occurrences_device ON occurrences (device, time, seq);
CREATE INDEX occurrences_school ON occurrences (school, time, seq);
CREATE INDEX occurrences_kind ON occurrences (school, kind, time, seq);
