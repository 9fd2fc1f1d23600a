from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.models import ChannelRef, Receipt
from bot.wording import (
    authors_line,
    channel_text,
    count,
    day_text,
    digest_heading,
    listed,
    moment_text,
    number,
    part_text,
    receipt_line,
)

NOW = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)


def test_numbers_and_counts() -> None:
    assert number(1203) == "1,203"
    assert count(0, "paper") == "0 papers"
    assert count(1, "paper") == "1 paper"
    assert count(1203, "paper") == "1,203 papers"
    assert count(2, "query", "queries") == "2 queries"
    assert count(1, "query", "queries") == "1 query"


def test_lists() -> None:
    assert [listed(["a", "b", "c"][:length]) for length in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed(["a", "b"], "or") == "a or b"


@pytest.mark.parametrize(
    ("authors", "line"),
    [
        (0, ""),
        (1, "A"),
        (2, "A and B"),
        (3, "A, B and C"),
        (4, "A, B, C and D"),
        (5, "A, B, C and 2 others"),
        (26, "A, B, C and 23 others"),
    ],
)
def test_authors(authors: int, line: str) -> None:
    assert authors_line(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")[:authors]) == line


def test_a_collaboration_of_thousands() -> None:
    assert authors_line(["A. Author"] * 3000, most=1) == "A. Author and 2,999 others"


def test_days_and_moments() -> None:
    assert day_text(date(2026, 3, 4)) == "Wednesday 4 March 2026"
    assert moment_text(NOW, "Europe/Berlin") == "Thu 5 March 00:30 (Europe/Berlin)"
    assert moment_text(NOW, "Europe/Berlin", datetime(2026, 12, 31, tzinfo=UTC)) == "Thu 5 March 00:30 (Europe/Berlin)"
    assert moment_text(NOW, "UTC", datetime(2025, 12, 31, tzinfo=UTC)) == "Wed 4 March 2026 23:30 (UTC)"


def test_headings_and_parts() -> None:
    assert digest_heading(1, NOW, "UTC") == "1 new paper · Wednesday 4 March 2026"
    assert digest_heading(1203, NOW, "Asia/Tokyo") == "1,203 new papers · Thursday 5 March 2026"
    assert (part_text(1, 1), part_text(2, 3)) == ("", "2 of 3")


def test_channels() -> None:
    assert channel_text(ChannelRef("slack", "T1", "C2")) == "slack T1/C2"


@pytest.mark.parametrize(
    ("receipt", "line"),
    [
        (Receipt(1203, 1203, 5), "1,203 announced, 1,203 checked, 5 matched"),
        (Receipt(1205, 1203, 5), "1,205 announced, 1,203 checked (2 not readable yet, asked again), 5 matched"),
        (Receipt(0, 0, 1, late=1), "0 announced, 0 checked, 1 matched; 1 arrived late"),
        (Receipt(9, 9, 0, risen=1), "9 announced, 9 checked, 0 matched; 1 of earlier days now has its upvotes"),
        (
            Receipt(9, 9, 3, late=1, risen=2),
            "9 announced, 9 checked, 3 matched; 1 arrived late; 2 of earlier days now have their upvotes",
        ),
        (
            Receipt(1205, 1204, 1000, late=2),
            "1,205 announced, 1,204 checked (1 not readable yet, asked again), 1,000 matched; 2 arrived late",
        ),
    ],
)
def test_receipts(receipt: Receipt, line: str) -> None:
    assert receipt_line(receipt) == line
