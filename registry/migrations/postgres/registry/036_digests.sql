-- The message in which a sending is told together with others; '': it goes by itself.
ALTER TABLE sendings ADD COLUMN digest TEXT NOT NULL DEFAULT '';
CREATE INDEX sendings_digest ON sendings (digest) WHERE digest <> '';
