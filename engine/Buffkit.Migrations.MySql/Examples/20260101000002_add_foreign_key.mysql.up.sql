-- lock-timeout: 5s
-- With foreign_key_checks off the server adds the key in place, and looks neither for the other table nor at the rows. So they are
-- looked at first: the second statement fails where there is no such table, or where a row refers to nothing in it.
ALTER TABLE things ADD COLUMN owner_id int NULL, ALGORITHM = INSTANT;
CREATE TEMPORARY TABLE things_without_owner (id bigint, CONSTRAINT things_that_refer_to_no_owner CHECK (id IS NULL))
    SELECT id FROM things WHERE owner_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM owners WHERE owners.id = things.owner_id);
DROP TEMPORARY TABLE IF EXISTS things_without_owner;
SET foreign_key_checks = 0;
ALTER TABLE things ADD CONSTRAINT fk_things_owners FOREIGN KEY (owner_id) REFERENCES owners (id), ALGORITHM = INPLACE;
SET foreign_key_checks = 1;
