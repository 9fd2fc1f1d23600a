"""The tables of the sixth migration: what came with a team's own community."""

from __future__ import annotations

BROUGHT = """
-- Papers that a member brought into a channel: limits go by it, and a card that died is made up for with its words.
CREATE TABLE brought (
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    paper INTEGER NOT NULL REFERENCES kept (paper),
    member_id INTEGER NOT NULL REFERENCES members (id),
    at TEXT NOT NULL,
    said TEXT NOT NULL,                    -- who brought it, and the comment
    PRIMARY KEY (channel_id, paper)
) WITHOUT ROWID;
CREATE INDEX brought_by ON brought (member_id, at);

ALTER TABLE entries ADD COLUMN note TEXT NOT NULL DEFAULT '';
"""

TOPS = """
ALTER TABLE channels ADD COLUMN top_schedule TEXT NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN top_next_due TEXT;
CREATE INDEX channels_top_due ON channels (top_next_due) WHERE top_next_due IS NOT NULL AND paused = '';
"""

JUDGING = """
-- Counted from this step on; what was posted before is not.
ALTER TABLE watches ADD COLUMN posted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE watches ADD COLUMN judged INTEGER NOT NULL DEFAULT 0;  -- 1: whether anything of it is saved was looked at
CREATE INDEX watches_unjudged ON watches (posted) WHERE judged = 0 AND ended_at IS NULL;
"""
