-- What a device's reason says, as codes with params in JSON; '': its words are all there is.
ALTER TABLE twins ADD COLUMN causes TEXT NOT NULL DEFAULT '';
