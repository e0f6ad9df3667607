ALTER TABLE things DROP COLUMN state;
DROP TYPE things_state;
