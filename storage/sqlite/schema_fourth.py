"""The tables of the fourth migration: what came with the community's signals."""

from __future__ import annotations

SIGNALS = """
CREATE TABLE signals (
    paper INTEGER PRIMARY KEY,             -- its ordinal; the archive need not have it
    upvotes INTEGER NOT NULL,
    counted INTEGER NOT NULL,              -- the most upvotes it had in the days in which watches wait for them
    comments INTEGER NOT NULL,
    repository TEXT NOT NULL,
    stars INTEGER,
    project TEXT NOT NULL,
    organisation TEXT NOT NULL,
    summary TEXT NOT NULL,
    keywords TEXT NOT NULL,                -- JSON list
    read_at TEXT NOT NULL
);
CREATE INDEX signals_read ON signals (read_at);

ALTER TABLE channels ADD COLUMN sort TEXT NOT NULL DEFAULT 'new';
ALTER TABLE watches ADD COLUMN upvotes INTEGER NOT NULL DEFAULT 0;     -- that a paper must have
ALTER TABLE deliveries ADD COLUMN risen INTEGER NOT NULL DEFAULT 0;    -- 1: owed since it has the upvotes
ALTER TABLE entries ADD COLUMN signal TEXT;                            -- JSON list; NULL: none

CREATE INDEX watches_upvotes ON watches (query_id, upvotes) WHERE ended_at IS NULL AND upvotes > 0;

-- As before, and the paper has or had in time the upvotes that the watch waits for.
DROP VIEW wanted;
CREATE VIEW wanted AS
    SELECT w.channel_id, m.paper, m.query_id
    FROM matches m
    JOIN watches w ON w.query_id = m.query_id AND w.ended_at IS NULL
    JOIN papers p ON p.ordinal = m.paper
    WHERE w.since <= coalesce(p.announced, '9999')
      AND (w.upvotes = 0 OR w.upvotes <= (SELECT s.counted FROM signals s WHERE s.paper = m.paper));
"""
