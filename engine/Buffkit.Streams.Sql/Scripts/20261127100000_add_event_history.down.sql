DROP TABLE event_producers;
DROP TABLE event_requests;
DROP TABLE event_leases;
DROP TABLE event_runs;
DROP TABLE event_history;
