"""Lines as they stand in arXiv's bulk metadata, of invented papers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


def record(paper_id: str = "0704.0001", **changes: Any) -> dict[str, Any]:
    """A record with every key; name what matters to the test."""
    values: dict[str, Any] = {
        "id": paper_id,
        "submitter": "Ada Post",
        "authors": "Ada Post, \\'Emile Caf\\'e",
        "title": "A study of\n  careful delivery",
        "comments": "12 pages",
        "journal-ref": None,
        "doi": None,
        "report-no": None,
        "categories": "hep-th math.CO",
        "license": None,
        "abstract": "  We deliver every letter\nexactly once.\n",
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 15:00:00 GMT"}],
        "update_date": "2007-05-23",
        "authors_parsed": [["Post", "Ada", ""], ["Caf\\'e", "\\'Emile", "Jr.", "Royal Mail"]],
    }
    return values | changes


def line(paper_id: str = "0704.0001", **changes: Any) -> bytes:
    return json.dumps(record(paper_id, **changes)).encode()


def lines(number: int, first: int = 1) -> list[bytes]:
    """Records of one month with rising numbers, ten minutes apart."""
    begun = datetime(2019, 4, 30, 19, tzinfo=UTC)
    moments = [created(begun + timedelta(minutes=10 * place)) for place in range(first, first + number)]
    return [
        line(f"1905.{place:05}", versions=[{"version": "v1", "created": moment}])
        for place, moment in enumerate(moments, first)
    ]


def created(moment: datetime) -> str:
    """How a record writes a moment."""
    return f"{moment:%a}, {moment.day} {moment:%b %Y %H:%M:%S} GMT"


def write(path: Path, content: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(each + b"\n" for each in content))
    return path
