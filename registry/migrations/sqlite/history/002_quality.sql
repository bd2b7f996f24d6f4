-- Counts of each device on each local day, and the reader's position and state, which change in the
-- same transaction.
CREATE TABLE quality (
  school TEXT NOT NULL, day TEXT NOT NULL, device TEXT NOT NULL, weight INTEGER NOT NULL, kinds INTEGER NOT NULL,
  observations INTEGER NOT NULL, sightings INTEGER NOT NULL, replayed INTEGER NOT NULL, late INTEGER NOT NULL, duplicates INTEGER NOT NULL, unknown INTEGER NOT NULL,
  strangers INTEGER NOT NULL, rejected INTEGER NOT NULL, clock_refused INTEGER NOT NULL, gaps INTEGER NOT NULL, gap_seconds INTEGER NOT NULL,
  clock_count INTEGER NOT NULL, clock_min INTEGER NOT NULL, clock_max INTEGER NOT NULL, clock_bins TEXT NOT NULL,
  PRIMARY KEY (school, day, device)
);
CREATE INDEX quality_device ON quality (device, day);
CREATE TABLE quality_reader (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, turn INTEGER NOT NULL);
CREATE TABLE quality_state (shard INTEGER PRIMARY KEY, state BLOB NOT NULL);
