-- Failed sign-ins, counted by a hash of name and origin; and the places from which users have
-- signed in before, so that others cannot lock them out.
CREATE TABLE signin_tries (key TEXT PRIMARY KEY, n INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE INDEX signin_tries_last ON signin_tries (last);
CREATE TABLE signin_places (
  usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, place TEXT NOT NULL, seen INTEGER NOT NULL,
  PRIMARY KEY (usr, place)
);
CREATE INDEX signin_places_place ON signin_places (place);
