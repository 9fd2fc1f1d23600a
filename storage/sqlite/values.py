"""Values of the vocabulary as columns and back.

Moments are text of fixed width in UTC (``2026-03-04T12:00:00.000000``) and days ISO text, so that they are readable in
any SQLite tool and compare in time order. Lists are JSON. Text from outside may hold lone surrogates, which UTF-8 and
therefore SQLite cannot: they become question marks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from bot.models import Paper, Receipt, Signal
from bot.paper_caches import cached_for_a_round

_MOMENT = len("2026-03-04T12:00:00.000000")

LARGEST = 2**61  # more than there will ever be rows, less than SQLite's largest integer


def moment_column(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:_MOMENT]


def moment_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else moment_column(moment)


def to_moment(column: str) -> datetime:
    return datetime.fromisoformat(column + "+00:00")


def to_moment_or_none(column: str | None) -> datetime | None:
    return None if not column else to_moment(column)


def day_column(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def to_day(column: str | None) -> date | None:
    return None if not column else date.fromisoformat(column)


def text_column(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def list_column(items: Iterable[str]) -> str:
    texts = tuple(items)
    try:
        return msgspec.json.encode(texts).decode("utf-8")
    except UnicodeEncodeError:
        return msgspec.json.encode(list(map(text_column, texts))).decode("utf-8")


def json_list(items: Sequence[int] | Sequence[str] | Sequence[tuple[str, ...]]) -> str:
    """What a statement reads with ``json_each``, in a seventh of the time that ``json`` takes."""
    return msgspec.json.encode(items).decode("utf-8")


_read_list = msgspec.json.Decoder(tuple[str, ...]).decode


def to_list(column: str) -> tuple[str, ...]:
    return _read_list(column)


def receipt_column(receipt: Receipt | None) -> str | None:
    if receipt is None:
        return None
    return json_list([receipt.announced, receipt.checked, receipt.matched, receipt.late, receipt.risen])


def to_receipt(column: str | None) -> Receipt | None:
    return None if column is None else Receipt(*json.loads(column))


def signal_column(signal: Signal | None) -> str | None:
    """What of a signal is kept with a post."""
    if signal is None:
        return None
    values = [moment_column(signal.read_at), signal.upvotes, signal.comments, signal.stars]
    texts = [signal.repository, signal.project, signal.organisation]
    return text_column(json.dumps([*values, *texts], ensure_ascii=False, separators=(",", ":")))


def to_signal(paper_id: str, column: str | None) -> Signal | None:
    if column is None:
        return None
    read_at, upvotes, comments, stars, repository, project, organisation = json.loads(column)
    return Signal(
        paper=paper_id,
        upvotes=upvotes,
        read_at=to_moment(read_at),
        comments=comments,
        repository=repository,
        stars=stars,
        project=project,
        organisation=organisation,
    )


def count(number: int) -> int:
    """A limit or an offset that SQLite can take, whatever was typed."""
    return max(0, min(number, LARGEST))


# Places in papers.* that are not part of a Paper.
ORDINAL = 0
RECORDED = 4


def to_paper(row: Sequence[Any]) -> Paper:
    """A paper from ``papers.*``; columns that later migrations add at its end are not looked at."""
    return Paper(
        id=row[1],
        version=row[2],
        announced=to_day(row[3]),
        published=to_moment(row[5]),
        updated=to_moment(row[6]),
        categories=to_list(row[7]),
        authors=to_list(row[8]),
        title=row[9],
        abstract=row[10],
        comment=row[11],
        doi=row[12],
        journal_ref=row[13],
    )


# A paper is in the posts of channel after channel. Whatever of a row changes, it is another row.
known_paper = cached_for_a_round(2_000)(to_paper)
"""``to_paper`` for papers that are asked for again and again."""
