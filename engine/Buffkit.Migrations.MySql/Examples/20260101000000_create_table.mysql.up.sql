-- Times are UTC: MySQL's datetime keeps no zone.
CREATE TABLE things (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(200) NOT NULL,
    created_at datetime(6) NOT NULL DEFAULT (utc_timestamp(6))
);
