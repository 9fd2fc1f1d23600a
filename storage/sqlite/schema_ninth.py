"""The tables of the ninth migration: deliveries in steps, and old ones packed.

A query that gets its first watch while papers are being matched is owed them from the archive, which has them before
the queries are streamed to the matcher: nobody has to remember which queries are fresh.
"""

from __future__ import annotations

FAN_OUT = """
CREATE TABLE fan_out (                     -- papers that were recorded and are not owed to all who want them yet
    paper INTEGER PRIMARY KEY REFERENCES papers (ordinal),
    announced TEXT NOT NULL,               -- '9999': no listing day is known
    late INTEGER NOT NULL,
    after INTEGER NOT NULL,                -- the last row of polls before those of its batch
    taken INTEGER NOT NULL DEFAULT 0       -- 1: in the fan-out that is under way
) WITHOUT ROWID;
CREATE INDEX fan_out_after ON fan_out (after);

CREATE TABLE fan_out_matches (             -- of the fan-out that is under way
    query_id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    papers TEXT NOT NULL                   -- JSON list
);

DROP INDEX queries_fresh;
ALTER TABLE queries DROP COLUMN fresh;
"""

PACKED = """
CREATE TABLE packed (                      -- papers that a channel was given long ago
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    month INTEGER NOT NULL,                -- of the papers' ids, 202603
    papers TEXT NOT NULL,                  -- JSON list: what their ordinals have beyond the month, rising
    PRIMARY KEY (channel_id, month)
) WITHOUT ROWID;

CREATE VIEW had AS
    SELECT k.channel_id, k.month, j.value AS number FROM packed k CROSS JOIN json_each(k.papers) j;
"""
