-- The changed fields of an audit entry, before and after, as JSON; absent if there are none.
ALTER TABLE audit ADD COLUMN changes_sealed BLOB;
