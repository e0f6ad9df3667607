-- Events that outlive memory. Times are microseconds since 1970 in UTC, on every engine alike.
CREATE TABLE event_history (
    epoch varchar(12) COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    time bigint NOT NULL,
    topic text NOT NULL,
    type text NOT NULL,
    event_key text NULL,
    content_type text NULL,
    cloud_event text NULL,
    data bytea NOT NULL,
    PRIMARY KEY (epoch, sequence)
);

-- Where a stretch without holes begins: an epoch has more than one where events were lost before they were copied.
CREATE TABLE event_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    epoch varchar(12) COLLATE "C" NOT NULL,
    first_sequence bigint NOT NULL,
    began_at bigint NOT NULL,
    -- log: the ids are of this database; copy: of a log that servers share.
    origin varchar(8) COLLATE "C" NOT NULL,
    -- Set while a server accepts what is not on the disk yet: only while this lasts is nothing of it lost.
    unsafe_in varchar(64) COLLATE "C" NULL,
    UNIQUE (epoch, first_sequence)
);

-- Who does what only one may do. A term is counted up with each new holder: what an earlier one still writes is refused.
CREATE TABLE event_leases (
    name varchar(64) COLLATE "C" NOT NULL PRIMARY KEY,
    holder text NULL,
    term bigint NOT NULL,
    expires_at bigint NOT NULL,
    -- The newest event id that was written under it.
    position varchar(64) COLLATE "C" NULL
);
INSERT INTO event_leases (name, term, expires_at) VALUES ('log', 0, 0), ('history', 0, 0), ('retention', 0, 0), ('outbox', 0, 0);

-- Requests that the log has taken, for when they are sent again.
CREATE TABLE event_requests (
    request_key varchar(200) COLLATE "C" NOT NULL PRIMARY KEY,
    fingerprint varchar(64) COLLATE "C" NULL,
    epoch varchar(12) COLLATE "C" NOT NULL,
    first_sequence bigint NOT NULL,
    event_count integer NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX event_requests_expires ON event_requests (expires_at);

CREATE TABLE event_producers (
    producer varchar(64) COLLATE "C" NOT NULL PRIMARY KEY,
    number bigint NOT NULL,
    fingerprint varchar(64) COLLATE "C" NULL,
    epoch varchar(12) COLLATE "C" NOT NULL,
    first_sequence bigint NOT NULL,
    event_count integer NOT NULL
);
