-- The rules and procedures that the gateway last began to go by, so that the audit log can say
-- what changed of the files.
CREATE TABLE rule_texts (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id));
