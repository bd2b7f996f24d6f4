-- Machine-readable causes of a state's reason, as JSON; '': there is only the sentence.
ALTER TABLE statuses ADD COLUMN causes TEXT NOT NULL DEFAULT '';
