-- A new name while the old release still runs: add, copy, and drop the old one in a later release.
ALTER TABLE things ADD COLUMN title varchar(200) NOT NULL DEFAULT '';
UPDATE things SET title = name WHERE title = '';
