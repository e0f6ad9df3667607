-- What customers ordered: the sample's table.
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer text NOT NULL,
    item text NOT NULL,
    quantity integer NOT NULL,
    created_at timestamptz NOT NULL
);

-- The request that placed an order, so that the same request, sent again, places no second one.
CREATE TABLE order_requests (
    request char(64) NOT NULL PRIMARY KEY,
    order_id bigint NOT NULL
);
