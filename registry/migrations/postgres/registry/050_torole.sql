-- The role for which a user is told: who does not have it any more when a letter is due does not get it.
ALTER TABLE recipients ADD COLUMN role TEXT NOT NULL DEFAULT '';
