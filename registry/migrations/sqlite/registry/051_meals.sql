-- Meals: what was given at tills in the last days, what a till must know of people, and the meals of
-- classes. day: of the school; meal: the sessions' name; person: NULL where nobody knows who it was;
-- again: 0 for the one meal of a person, 1 for any further one; offline: given without an answer;
-- why_sealed: what staff said who gave it although the answer was no, under the school's key;
-- body_sealed: under the person's key.
CREATE TABLE meals (
  school TEXT NOT NULL REFERENCES schools (id), day TEXT NOT NULL, meal TEXT NOT NULL, id TEXT NOT NULL,
  person TEXT REFERENCES persons (id) ON DELETE CASCADE, again INTEGER NOT NULL, offline INTEGER NOT NULL,
  at INTEGER NOT NULL, device TEXT NOT NULL, why_sealed BLOB,
  PRIMARY KEY (school, day, id)
);
CREATE UNIQUE INDEX meals_once ON meals (person, day, meal) WHERE again = 0;
CREATE TABLE diets (
  person TEXT PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE, school TEXT NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX diets_school ON diets (school);
CREATE TABLE class_meals (
  school TEXT NOT NULL REFERENCES schools (id), class TEXT NOT NULL, meals TEXT NOT NULL, PRIMARY KEY (school, class)
);
