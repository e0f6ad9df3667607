-- lock-timeout: 5s
-- NOT VALID: new rows are checked from now on. The next migration checks the old ones, which locks nobody out.
ALTER TABLE things ADD COLUMN owner_id integer NULL;
ALTER TABLE things ADD CONSTRAINT fk_things_owners FOREIGN KEY (owner_id) REFERENCES owners (id) NOT VALID;
