-- The message that a message repeats for those who had not read it: who reads the second has read the first.
ALTER TABLE messages ADD COLUMN again TEXT NOT NULL DEFAULT '';
