"""The tables of the second migration: what came with chat platforms on the network."""

from __future__ import annotations

WORKSPACES = """
CREATE TABLE save_reactions (
    workspace_id INTEGER PRIMARY KEY REFERENCES workspaces (id),
    names TEXT NOT NULL                    -- JSON list
);

CREATE TABLE installations (
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    owner TEXT NOT NULL,                   -- '' is the workspace's own
    sealed BLOB NOT NULL,
    installed_at TEXT NOT NULL,
    PRIMARY KEY (platform, workspace, owner)
) WITHOUT ROWID;

CREATE INDEX posts_finished ON posts (finished_at) WHERE state = 'sent' AND kind <> 'notice';
"""

FOLLOWING = """
-- Saved papers, and what their people know of them: what is newer is told once.
CREATE TABLE followed (
    paper INTEGER PRIMARY KEY REFERENCES kept (paper),
    version INTEGER NOT NULL,
    published INTEGER NOT NULL,            -- 1: with a journal reference
    withdrawn INTEGER NOT NULL,
    next_check TEXT NOT NULL
);
CREATE INDEX followed_next ON followed (next_check);
CREATE INDEX saves_of_paper ON saves (paper) WHERE NOT taken_back;
CREATE INDEX entries_of_paper ON entries (paper);

INSERT INTO followed (paper, version, published, withdrawn, next_check)
    SELECT DISTINCT s.paper, p.version, p.journal_ref IS NOT NULL, 0, ''
    FROM saves s JOIN papers p ON p.ordinal = s.paper;
"""
