-- Times are microseconds since 1970 UTC. Persons are opaque ids; no name is in this file.
CREATE TABLE sightings (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL, school TEXT NOT NULL, device TEXT NOT NULL, zone TEXT NOT NULL,
  person TEXT NOT NULL, method TEXT NOT NULL, direction TEXT NOT NULL, time INTEGER NOT NULL, received INTEGER NOT NULL,
  match TEXT NOT NULL, media TEXT NOT NULL, replayed INTEGER NOT NULL
);
CREATE UNIQUE INDEX sightings_id ON sightings (id);
CREATE INDEX sightings_person ON sightings (person, time, seq);
CREATE INDEX sightings_device ON sightings (device, time, seq);
CREATE INDEX sightings_school ON sightings (school, time, seq);
CREATE TABLE statuses (
  seq INTEGER PRIMARY KEY, school TEXT NOT NULL, device TEXT NOT NULL, time INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX statuses_school ON statuses (school, time);
CREATE INDEX statuses_device ON statuses (device, seq);
CREATE TABLE rejections (
  seq INTEGER PRIMARY KEY, school TEXT NOT NULL, device TEXT NOT NULL, time INTEGER NOT NULL,
  reason TEXT NOT NULL, source TEXT NOT NULL, excerpt TEXT NOT NULL
);
CREATE INDEX rejections_school ON rejections (school, seq);
CREATE INDEX rejections_time ON rejections (school, time);
CREATE INDEX rejections_device ON rejections (device, seq);
