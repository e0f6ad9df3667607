-- Events that outlive memory. Times are microseconds since 1970 in UTC, on every engine alike.
CREATE TABLE event_history (
    epoch varchar(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    sequence bigint NOT NULL,
    time bigint NOT NULL,
    topic text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    type text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event_key text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    content_type text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    cloud_event mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    data longblob NOT NULL,
    PRIMARY KEY (epoch, sequence)
) ENGINE = InnoDB;

-- Where a stretch without holes begins: an epoch has more than one where events were lost before they were copied.
CREATE TABLE event_runs (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    epoch varchar(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    first_sequence bigint NOT NULL,
    began_at bigint NOT NULL,
    -- log: the ids are of this database; copy: of a log that servers share.
    origin varchar(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Set while a server accepts what is not on the disk yet: only while this lasts is nothing of it lost.
    unsafe_in varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    UNIQUE (epoch, first_sequence)
) ENGINE = InnoDB;

-- Who does what only one may do. A term is counted up with each new holder: what an earlier one still writes is refused.
CREATE TABLE event_leases (
    name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    holder text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    term bigint NOT NULL,
    expires_at bigint NOT NULL,
    -- The newest event id that was written under it.
    position varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL
) ENGINE = InnoDB;
INSERT INTO event_leases (name, term, expires_at) VALUES ('log', 0, 0), ('history', 0, 0), ('retention', 0, 0), ('outbox', 0, 0);

-- Requests that the log has taken, for when they are sent again.
CREATE TABLE event_requests (
    request_key varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    fingerprint varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    epoch varchar(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    first_sequence bigint NOT NULL,
    event_count integer NOT NULL,
    expires_at bigint NOT NULL
) ENGINE = InnoDB;
CREATE INDEX event_requests_expires ON event_requests (expires_at);

CREATE TABLE event_producers (
    producer varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    number bigint NOT NULL,
    fingerprint varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    epoch varchar(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    first_sequence bigint NOT NULL,
    event_count integer NOT NULL
) ENGINE = InnoDB;
