"""How large the store may become, reckoned from what it is given before anything runs.

    papers x BYTES_A_PAPER + matches x BYTES_A_MATCH + deliveries x BYTES_A_DELIVERY + entries x BYTES_AN_ENTRY
        + posts x BYTES_A_POST

- A paper: its row, its share of the full-text index and of the indexes of its tables: what `make bench` measures.

The other figures come from three days of a soak, table by table (SQLite's ``dbstat``), so that a month that does not
grow likewise is noticed:

- A match: two numbers of up to six bytes, in a table without row ids.
- A delivery: a row likewise, and while it waits an entry of an index.
- An entry, a paper as it stands in a post: numbers, the words that matched and the queries in JSON, 85 bytes, and 17 of
  the index by papers.
- A post: its row with key, heading, receipt and four moments, 245 bytes, and 110 of the indexes of channels, keys and
  messages.

Pages of what is not needed any more are used again, and given back when they are more than one in eight.
"""

from __future__ import annotations

from dataclasses import dataclass

BYTES_A_PAPER = 2_900
BYTES_A_MATCH = 16
BYTES_A_DELIVERY = 22
BYTES_AN_ENTRY = 102
BYTES_A_POST = 355
TOLERANCE = 0.15


@dataclass(frozen=True, slots=True)
class Growth:
    """What a store is given."""

    papers: int
    matches: int
    deliveries: int
    entries: int
    posts: int

    @property
    def megabytes(self) -> float:
        """By how much the file grows (10^6 bytes)."""
        return (
            self.papers * BYTES_A_PAPER
            + self.matches * BYTES_A_MATCH
            + self.deliveries * BYTES_A_DELIVERY
            + self.entries * BYTES_AN_ENTRY
            + self.posts * BYTES_A_POST
        ) / 1e6
