-- How a device authenticates, as its driver last reported; '': not reported.
ALTER TABLE twins ADD COLUMN weak TEXT NOT NULL DEFAULT '';
