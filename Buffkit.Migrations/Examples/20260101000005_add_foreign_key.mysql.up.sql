-- lock-timeout: 5s
-- With foreign_key_checks off the server adds the key in place; the column is new, so there is nothing to check.
ALTER TABLE things ADD COLUMN owner_id int NULL, ALGORITHM = INSTANT;
SET foreign_key_checks = 0;
ALTER TABLE things ADD CONSTRAINT fk_things_owners FOREIGN KEY (owner_id) REFERENCES owners (id), ALGORITHM = INPLACE;
SET foreign_key_checks = 1;
