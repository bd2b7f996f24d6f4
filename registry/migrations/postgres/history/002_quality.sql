-- Counts of each device on each local day, and the reader's position and state, which change in the
-- same transaction.
CREATE TABLE quality (
  school TEXT NOT NULL, day TEXT NOT NULL, device TEXT NOT NULL, weight BIGINT NOT NULL, kinds BIGINT NOT NULL,
  observations BIGINT NOT NULL, sightings BIGINT NOT NULL, replayed BIGINT NOT NULL, late BIGINT NOT NULL, duplicates BIGINT NOT NULL, unknown BIGINT NOT NULL,
  strangers BIGINT NOT NULL, rejected BIGINT NOT NULL, clock_refused BIGINT NOT NULL, gaps BIGINT NOT NULL, gap_seconds BIGINT NOT NULL,
  clock_count BIGINT NOT NULL, clock_min BIGINT NOT NULL, clock_max BIGINT NOT NULL, clock_bins TEXT NOT NULL,
  PRIMARY KEY (school, day, device)
);
CREATE INDEX quality_device ON quality (device, day);
CREATE TABLE quality_reader (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL, turn BIGINT NOT NULL);
CREATE TABLE quality_state (shard BIGINT PRIMARY KEY, state BYTEA NOT NULL);
