-- What a letter was on its way to, most of it hidden, before its reader's contact changed; '': nothing.
ALTER TABLE sendings ADD COLUMN moved TEXT NOT NULL DEFAULT '';
