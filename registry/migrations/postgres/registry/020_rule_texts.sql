-- The rules and procedures last in force, so that the audit log can record changes of the files.
CREATE TABLE rule_texts (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id));
