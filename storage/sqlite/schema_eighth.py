"""The columns of the eighth migration: digests that end with papers like those that a channel saves."""

from __future__ import annotations

SIMILAR = """
ALTER TABLE channels ADD COLUMN similar INTEGER NOT NULL DEFAULT 0;

-- Why the paper stands in a digest although no watch asked for it.
ALTER TABLE entries ADD COLUMN because TEXT NOT NULL DEFAULT '';
"""
