-- The text of the template, or of the imported file, on which a version of a rule stands; '' where that
-- is not known.
ALTER TABLE rule_versions ADD COLUMN base TEXT NOT NULL DEFAULT '';
