ALTER TABLE things DROP COLUMN owner_id;
