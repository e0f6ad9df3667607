DROP TABLE order_requests;
DROP TABLE orders;
