-- Common file: SQLite takes it. The other engines have their own, because keys that count by themselves differ.
CREATE TABLE owners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name varchar(200) NOT NULL
);
CREATE TABLE things (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name varchar(200) NOT NULL,
    created_at timestamp NOT NULL
);
