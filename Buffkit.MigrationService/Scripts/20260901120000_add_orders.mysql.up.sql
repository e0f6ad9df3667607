-- What customers ordered: the sample's table. Times are UTC: MySQL's datetime keeps no zone.
CREATE TABLE orders (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer text NOT NULL,
    item text NOT NULL,
    quantity integer NOT NULL,
    created_at datetime(6) NOT NULL
);

-- The request that placed an order, so that the same request, sent again, places no second one.
CREATE TABLE order_requests (
    request char(64) NOT NULL PRIMARY KEY,
    order_id bigint NOT NULL
);
