DROP TABLE pluralname;
