-- What a state's reason says, as codes with params in JSON; '': its words are all there is.
ALTER TABLE statuses ADD COLUMN causes TEXT NOT NULL DEFAULT '';
