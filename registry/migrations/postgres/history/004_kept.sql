-- Unreadable messages and unresolved credentials, encrypted under the school's key. resolved is
-- when a sighting was assigned to a person later, 0 if it was not.
ALTER TABLE rejections ADD COLUMN sealed BYTEA;
ALTER TABLE sightings ADD COLUMN sealed BYTEA;
ALTER TABLE sightings ADD COLUMN resolved BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sightings_unresolved ON sightings (school, seq) WHERE sealed IS NOT NULL;
