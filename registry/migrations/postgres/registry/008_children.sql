-- Pictures of unknown people that are kept longer than usual.
CREATE TABLE kept_pictures (
  media TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), alert TEXT NOT NULL,
  reason_sealed BYTEA NOT NULL, actor TEXT NOT NULL, at BIGINT NOT NULL, until BIGINT NOT NULL
);
CREATE INDEX kept_pictures_until ON kept_pictures (until);
-- Pairs of people who look alike, as answered at an enrolment, with the lesser ID first. A match
-- with one of them does not count.
CREATE TABLE look_alikes (
  a TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  b TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  at BIGINT NOT NULL, PRIMARY KEY (a, b)
);
CREATE INDEX look_alikes_b ON look_alikes (b);
