-- SQLite cannot drop a column with a foreign key; the table is made anew, as its documentation describes. Write your columns here.
PRAGMA foreign_keys = OFF;
CREATE TABLE things_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO things_new (id, name, created_at) SELECT id, name, created_at FROM things;
DROP TABLE things;
ALTER TABLE things_new RENAME TO things;
PRAGMA foreign_keys = ON;
