ALTER TABLE things DROP COLUMN state;
DROP TYPE thing_state;
