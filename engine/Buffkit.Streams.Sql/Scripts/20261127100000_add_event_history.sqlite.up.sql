-- Events that outlive memory. Times are microseconds since 1970 in UTC, on every engine alike.
CREATE TABLE event_history (
    epoch TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    time INTEGER NOT NULL,
    topic TEXT NOT NULL,
    type TEXT NOT NULL,
    event_key TEXT NULL,
    content_type TEXT NULL,
    cloud_event TEXT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (epoch, sequence)
);

-- Where a stretch without holes begins: an epoch has more than one where events were lost before they were copied.
CREATE TABLE event_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL,
    first_sequence INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    -- log: the ids are of this database; copy: of a log that servers share.
    origin TEXT NOT NULL,
    -- Set while a server accepts what is not on the disk yet: only while this lasts is nothing of it lost.
    unsafe_in TEXT NULL,
    UNIQUE (epoch, first_sequence)
);

-- Who does what only one may do. A term is counted up with each new holder: what an earlier one still writes is refused.
CREATE TABLE event_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NULL,
    term INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- The newest event id that was written under it.
    position TEXT NULL
);
INSERT INTO event_leases (name, term, expires_at) VALUES ('log', 0, 0), ('history', 0, 0), ('retention', 0, 0), ('outbox', 0, 0);

-- Requests that the log has taken, for when they are sent again.
CREATE TABLE event_requests (
    request_key TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NULL,
    epoch TEXT NOT NULL,
    first_sequence INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX event_requests_expires ON event_requests (expires_at);

CREATE TABLE event_producers (
    producer TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    fingerprint TEXT NULL,
    epoch TEXT NOT NULL,
    first_sequence INTEGER NOT NULL,
    event_count INTEGER NOT NULL
);
