-- SQLite adds a foreign key with a new column only, and the column must be nullable.
ALTER TABLE things ADD COLUMN owner_id integer NULL REFERENCES owners (id);
