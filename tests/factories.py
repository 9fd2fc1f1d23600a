"""Small invented papers and members for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from bot.models import ChannelRef, MemberRef, Paper, Signal

CHANNEL = ChannelRef("console", "local", "terminal")
ANN = MemberRef("console", "local", "ann", "ann")
BOB = MemberRef("console", "local", "bob", "bob")


def make_paper(paper_id: str = "2603.00001", **changes: Any) -> Paper:
    """A valid paper; name what matters to the test, the rest is filled in."""
    moment = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    values: dict[str, Any] = {
        "id": paper_id,
        "version": 1,
        "title": "A study of careful delivery",
        "abstract": "We deliver every letter exactly once and count the steps.",
        "authors": ("Ada Post", "Émile Café"),
        "categories": ("cs.CL", "cs.LG"),
        "published": moment,
        "updated": moment,
        "announced": date(2026, 3, 4),
    }
    return Paper(**(values | changes))


def make_signal(paper_id: str = "2603.00001", upvotes: int = 87, **changes: Any) -> Signal:
    """A signal of that paper."""
    values: dict[str, Any] = {"read_at": datetime(2026, 3, 4, 11, 0, tzinfo=UTC)}
    return Signal(paper_id, upvotes, **(values | changes))
