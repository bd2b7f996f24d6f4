-- Wrong tries to sign in, counted by who tries what from where, as a hash; and from where a
-- user has signed in before, so that a stranger's tries never keep that user out.
CREATE TABLE signin_tries (key TEXT PRIMARY KEY, n INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE INDEX signin_tries_last ON signin_tries (last);
CREATE TABLE signin_places (
  usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, place TEXT NOT NULL, seen INTEGER NOT NULL,
  PRIMARY KEY (usr, place)
);
CREATE INDEX signin_places_place ON signin_places (place);
