-- A month of a person's answers is read from the index alone.
DROP INDEX attendance_person;
CREATE INDEX attendance_person ON attendance (person, date, session, state);
