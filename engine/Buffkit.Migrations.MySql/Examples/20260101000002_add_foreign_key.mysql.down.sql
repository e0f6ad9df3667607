ALTER TABLE things DROP FOREIGN KEY fk_things_owners, DROP COLUMN owner_id;
