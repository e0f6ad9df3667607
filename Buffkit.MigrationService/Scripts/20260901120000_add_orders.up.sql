-- What customers ordered: the sample's table.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    created_at TEXT NOT NULL
);

-- The request that placed an order, so that the same request, sent again, places no second one.
CREATE TABLE order_requests (
    request char(64) NOT NULL PRIMARY KEY,
    order_id bigint NOT NULL
);
