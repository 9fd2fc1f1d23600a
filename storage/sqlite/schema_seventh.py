"""The tables of the seventh migration: what came with the import of arXiv's bulk metadata.

An imported paper is never pruned, so those that may be have an index of their own: pruning must not look through the
millions that stay.
"""

from __future__ import annotations

IMPORTS = """
ALTER TABLE papers ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
ALTER TABLE days ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;  -- how many of its papers were imported
CREATE INDEX papers_prunable ON papers (announced) WHERE imported = 0;

-- Days of which the archive has the papers. Those that members brought in are strewn over others.
CREATE VIEW covered AS SELECT day FROM days WHERE (recorded > 0 OR imported > 0) AND day <> '';
"""
