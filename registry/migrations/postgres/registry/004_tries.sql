-- Failed sign-ins, counted by a hash of name and origin; and the places from which users have
-- signed in before, so that others cannot lock them out.
CREATE TABLE signin_tries (key TEXT PRIMARY KEY, n BIGINT NOT NULL, last BIGINT NOT NULL);
CREATE INDEX signin_tries_last ON signin_tries (last);
CREATE TABLE signin_places (
  usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, place TEXT NOT NULL, seen BIGINT NOT NULL,
  PRIMARY KEY (usr, place)
);
CREATE INDEX signin_places_place ON signin_places (place);
