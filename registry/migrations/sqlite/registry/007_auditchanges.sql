-- What a deed changed, before and after, as JSON; absent where it changed no field.
ALTER TABLE audit ADD COLUMN changes_sealed BLOB;
