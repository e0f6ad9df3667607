-- Values added at the end later need no copy of the table.
ALTER TABLE things ADD COLUMN state enum('new', 'done') NOT NULL DEFAULT 'new';
