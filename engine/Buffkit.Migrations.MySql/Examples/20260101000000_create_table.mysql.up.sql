CREATE TABLE owners (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(200) NOT NULL
);
CREATE TABLE things (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(200) NOT NULL,
    created_at datetime(6) NOT NULL
);
