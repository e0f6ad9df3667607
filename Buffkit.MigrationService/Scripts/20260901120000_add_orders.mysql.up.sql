-- What customers ordered: the sample's table. Times are UTC: MySQL's datetime keeps no zone.
CREATE TABLE orders (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer text NOT NULL,
    item text NOT NULL,
    quantity integer NOT NULL,
    created_at datetime(6) NOT NULL
);
