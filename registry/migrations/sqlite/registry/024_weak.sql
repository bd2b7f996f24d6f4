-- How a device proves that it is itself, as its driver last said; '': nobody has said.
ALTER TABLE twins ADD COLUMN weak TEXT NOT NULL DEFAULT '';
