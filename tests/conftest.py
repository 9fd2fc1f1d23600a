"""Fixtures that every test may use."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from bot.models import Paper
from tests.standins.clock import FakeClock

DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure() -> None:
    from hypothesis import settings  # noqa: PLC0415  benchmarks read papers with this module, too, and need none of it

    # How long an example takes tells how busy the machine is.
    settings.register_profile("paperroute", deadline=None)
    # `make fuzz`; properties say themselves how many examples they then try (tests/thoroughness.py).
    settings.register_profile("long", deadline=None)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "paperroute"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # It takes longer than any other by far, most of it waiting: begun last it would keep everybody waiting.
    items.sort(key=lambda item: "test_chaos" not in item.nodeid)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real arXiv data; the test is skipped where there is none."""
    if not (DATA / "papers.jsonl.gz").exists():
        pytest.skip("no real data beside this checkout")
    return DATA


def read_papers(path: Path) -> Iterator[Paper]:
    """The papers of a papers.jsonl.gz, sorted by their first submission."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield Paper(
                id=record["id"],
                version=record["version"] or 1,
                title=record["title"],
                abstract=record["abstract"],
                authors=tuple(record["authors"]),
                categories=tuple(record["categories"]),
                published=datetime.fromisoformat(record["published"]),
                updated=datetime.fromisoformat(record["updated"]),
                comment=record["comment"],
                doi=record["doi"],
                journal_ref=record["journal_ref"],
                announced=date.fromisoformat(record["announced"]) if record["announced"] else None,
            )


@pytest.fixture(scope="session")
def real_papers(data: Path) -> list[Paper]:
    """All 45,972 real papers."""
    return list(read_papers(data / "papers.jsonl.gz"))
