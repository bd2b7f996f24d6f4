-- Deltas of the rules' state after the snapshot in rules_state, in order.
CREATE TABLE rules_changes (n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, change_sealed BLOB NOT NULL);
