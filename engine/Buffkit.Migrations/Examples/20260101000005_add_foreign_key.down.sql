-- no-transaction
-- SQLite cannot drop a column with a foreign key; the table is made anew, as its documentation describes.
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE things_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name varchar(200) NOT NULL,
    created_at timestamp NOT NULL,
    note varchar(200) NOT NULL DEFAULT '',
    state varchar(20) NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done'))
);
INSERT INTO things_new (id, name, created_at, note, state) SELECT id, name, created_at, note, state FROM things;
DROP TABLE things;
ALTER TABLE things_new RENAME TO things;
CREATE INDEX ix_things_name ON things (name);
COMMIT;
PRAGMA foreign_keys = ON;
