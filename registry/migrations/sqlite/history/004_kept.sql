-- What nobody could read or nobody was yet: sealed under the school's key. resolved is when a
-- passage became somebody's after it was written, 0 where it did not.
ALTER TABLE rejections ADD COLUMN sealed BLOB;
ALTER TABLE sightings ADD COLUMN sealed BLOB;
ALTER TABLE sightings ADD COLUMN resolved INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sightings_unresolved ON sightings (school, seq) WHERE sealed IS NOT NULL;
