"""The columns of the tenth migration: whose turn it is, found without looking at everybody.

A post composed by the clock is bulk: it shares its minute with thousands. ``ready_at`` is from now on about other posts
alone, ``bulk_at`` about these, and a workspace knows the earliest of its channels. Indexes by channel are for channels
that are merged. The categories that papers have are few; asking for each of ``cs.*`` by name is far quicker than asking
the full-text index for all that begins so.
"""

from __future__ import annotations

TURNS = """
ALTER TABLE posts ADD COLUMN bulk INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN bulk_at TEXT;      -- when its next bulk post may be claimed; NULL: none
ALTER TABLE workspaces ADD COLUMN ready_at TEXT;   -- the earliest of its channels
ALTER TABLE workspaces ADD COLUMN bulk_at TEXT;
ALTER TABLE workspaces ADD COLUMN turn_at TEXT GENERATED ALWAYS AS
    (max(not_before, min(coalesce(ready_at, bulk_at), coalesce(bulk_at, ready_at)))) VIRTUAL;

CREATE INDEX channels_bulk ON channels (workspace_id, bulk_at) WHERE bulk_at IS NOT NULL;
CREATE INDEX workspaces_ready ON workspaces (platform, served, not_before, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX workspaces_bulk ON workspaces (platform, served, not_before, bulk_at) WHERE bulk_at IS NOT NULL;
CREATE INDEX workspaces_turn ON workspaces (platform, turn_at);
CREATE INDEX workspaces_served ON workspaces (served);
CREATE INDEX channels_due_instant ON channels (next_due)
    WHERE next_due IS NOT NULL AND paused = '' AND substr(schedule, 1, 7) = 'instant';

-- How many are paused is asked for by metrics.
CREATE INDEX channels_paused ON channels (id) WHERE paused <> '';

-- Reactions on recent posts are read back channel by channel.
DROP INDEX posts_finished;
CREATE INDEX posts_recent ON posts (channel_id, finished_at) WHERE state = 'sent' AND kind <> 'notice';

-- A channel that becomes one with another takes all along that is its own.
CREATE INDEX posts_of_channel ON posts (channel_id);
CREATE INDEX watches_of_channel ON watches (channel_id);
CREATE INDEX saves_of_channel ON saves (channel_id);
CREATE INDEX audit_of_channel ON audit (channel_id);

UPDATE workspaces SET ready_at =
    (SELECT min(c.ready_at) FROM channels c WHERE c.workspace_id = workspaces.id AND c.ready_at IS NOT NULL);
"""

CATEGORIES = """
CREATE TABLE categories (                  -- that some paper has or had
    name TEXT PRIMARY KEY
) WITHOUT ROWID;

INSERT INTO categories (name)
    SELECT DISTINCT j.value FROM (SELECT DISTINCT categories FROM papers) p, json_each(p.categories) j;
"""
