-- lint-ignore: key-without-identity owners come with numbers of their own
-- One file for all engines, since no type differs.
CREATE TABLE owners (
    id integer NOT NULL PRIMARY KEY,
    name varchar(200) NOT NULL
);
