-- Machine-readable causes of a device's reason, as JSON; '': there is only the sentence.
ALTER TABLE twins ADD COLUMN causes TEXT NOT NULL DEFAULT '';
