"""The tables of the third migration: what came with linking. A workspace or a member without a link has NULL."""

from __future__ import annotations

TEAMS = """
-- Never removed, so that no number is given twice.
CREATE TABLE teams (
    id INTEGER PRIMARY KEY,
    made_at TEXT NOT NULL
);

CREATE TABLE persons (
    id INTEGER PRIMARY KEY,
    made_at TEXT NOT NULL
);

ALTER TABLE workspaces ADD COLUMN team INTEGER REFERENCES teams (id);
ALTER TABLE members ADD COLUMN person INTEGER REFERENCES persons (id);

CREATE INDEX workspaces_team ON workspaces (team) WHERE team IS NOT NULL;
CREATE INDEX members_person ON members (person) WHERE person IS NOT NULL;
CREATE INDEX members_linked ON members (workspace_id) WHERE person IS NOT NULL;
"""

CODES = """
CREATE TABLE link_codes (                  -- those that may still be entered
    digest BLOB PRIMARY KEY,               -- the code itself is kept nowhere
    kind TEXT NOT NULL,
    owner INTEGER NOT NULL,                -- by kind: the workspace or the member that it joins to
    made_by INTEGER NOT NULL REFERENCES members (id),
    ends_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX link_codes_of ON link_codes (kind, owner);
CREATE INDEX link_codes_ends ON link_codes (ends_at);

CREATE TABLE wrong_codes (                 -- entered lately
    id INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES members (id),
    at TEXT NOT NULL
);
CREATE INDEX wrong_codes_of ON wrong_codes (member_id, at);
CREATE INDEX wrong_codes_at ON wrong_codes (at);
"""
