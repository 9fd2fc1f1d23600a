"""The Daily Papers API: read whole, whatever goes wrong named in a sentence; nothing in an answer is trusted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.huggingface import HuggingFaceSource
from adapters.huggingface.parse import https_link, signals_in
from bot import __version__
from bot.errors import SourceError
from bot.models import Signal
from tests.standins.clock import FakeClock
from tests.standins.huggingface import Fault, HuggingFaceStandIn, Kind, element

TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[HuggingFaceStandIn]:
    async with HuggingFaceStandIn(TODAY) as running:
        running.days[TODAY] = [element("2603.00001", 87, comments=3, githubRepo="https://github.com/lab/letters")]
        yield running


@pytest.fixture
async def source(server: HuggingFaceStandIn, clock: FakeClock) -> AsyncIterator[HuggingFaceSource]:
    made = HuggingFaceSource(server.url, contact="ann@lab.example", clock=clock)
    yield made
    await made.close()
    await made.close()


def read(*elements: object) -> list[Signal]:
    return signals_in(json.dumps(elements).encode(), NOW)


async def test_a_day_is_read_whole(server: HuggingFaceStandIn, source: HuggingFaceSource) -> None:
    (signal,) = await source.signals(TODAY)
    assert signal == Signal("2603.00001", 87, NOW, comments=3, repository="https://github.com/lab/letters")
    assert server.asked == [{"date": "2026-03-04", "limit": "100"}]
    assert server.agents == {f"paperroute/{__version__} (ann@lab.example)"}


async def test_a_full_page_is_followed_by_the_next(server: HuggingFaceStandIn, source: HuggingFaceSource) -> None:
    server.days[TODAY] = [element(f"2603.{number:05}", number) for number in range(1, 131)]
    assert len(await source.signals(TODAY)) == 130
    assert [asked.get("p") for asked in server.asked] == [None, "1"]


async def test_a_day_without_papers_is_none(source: HuggingFaceSource) -> None:
    assert await source.signals(date(2026, 3, 1)) == []


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.HTML, "Hugging Face's answer is no JSON but text/html."),
        (Kind.HTML_AS_JSON, "Hugging Face's answer is cut off or no JSON."),
        (Kind.TRUNCATED, "Hugging Face's answer is cut off or no JSON."),
        (Kind.BROKEN_OFF, "Hugging Face cannot be reached (ClientPayloadError)."),
        (Kind.TRUNCATED_GZIP, "Hugging Face's answer is cut off or no JSON."),
        (Kind.HUGE, "Hugging Face's answer has more than 5 MB."),
        (Kind.BOMB, "Hugging Face's answer has more than 5 MB."),
        (Kind.OTHER_SHAPE, "Hugging Face's answer is not the list of papers that was asked for."),
        (Kind.DOWN, "Hugging Face refuses to answer (HTTP 500)."),
        (Kind.AWAY, "Hugging Face redirects to another host; set HUGGINGFACE_API_URL if that is right."),
        (Kind.CIRCLE, "Hugging Face redirects too often."),
    ],
)
async def test_what_goes_wrong_is_said_in_a_sentence(
    server: HuggingFaceStandIn, source: HuggingFaceSource, kind: Kind, said: str
) -> None:
    server.faults.append(Fault(kind))
    with pytest.raises(SourceError) as caught:
        await source.signals(TODAY)
    assert str(caught.value).startswith(said)
    assert (caught.value.permanent, caught.value.retry_after) == (False, None)
    assert len(server.asked) == (4 if kind is Kind.CIRCLE else 1)
    server.faults.clear()
    assert len(await source.signals(TODAY)) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), ("Wed, 04 Mar 2026 12:10:00 GMT", 600.0), ("soon", 600.0), ("", 600.0)],
)
async def test_a_busy_host_names_its_time(
    server: HuggingFaceStandIn, source: HuggingFaceSource, header: str, seconds: float
) -> None:
    server.faults.append(Fault(Kind.BUSY, retry_after=header))
    with pytest.raises(SourceError, match="wants to be asked later") as caught:
        await source.signals(TODAY)
    assert caught.value.retry_after == seconds


async def test_a_day_that_is_refused_is_refused_for_good(server: HuggingFaceStandIn, source: HuggingFaceSource) -> None:
    with pytest.raises(SourceError, match="HTTP 400") as caught:
        await source.signals(date(2026, 3, 5))
    assert caught.value.permanent


async def test_a_redirect_on_the_same_host_is_followed(server: HuggingFaceStandIn, source: HuggingFaceSource) -> None:
    server.faults.append(Fault(Kind.MOVED))
    assert len(await source.signals(TODAY)) == 1


@pytest.mark.parametrize("kind", [Kind.HANG, Kind.STALL])
async def test_no_answer_is_waited_for_for_ever(server: HuggingFaceStandIn, clock: FakeClock, kind: Kind) -> None:
    impatient = HuggingFaceSource(server.url, contact="", clock=clock, seconds=0.1)
    server.faults.append(Fault(kind))
    with pytest.raises(SourceError, match="did not answer in time"):
        await impatient.signals(TODAY)
    await impatient.close()


async def test_a_host_that_is_not_there(clock: FakeClock) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    source = HuggingFaceSource(f"http://127.0.0.1:{port}/api/", contact="", clock=clock)
    with pytest.raises(SourceError, match="cannot be reached"):
        await source.signals(TODAY)
    await source.close()


def test_the_real_element_is_read(data: Path) -> None:
    (signal,) = signals_in((data / "hf_daily_papers.json").read_bytes(), NOW)
    assert signal.paper == "2602.23229"
    assert (signal.upvotes, signal.comments, signal.stars) == (10, 1, 9)
    assert signal.repository.startswith("https://github.com/")
    assert signal.project.startswith("https://")
    assert signal.organisation == "MHUGLab"
    assert signal.summary
    assert len(signal.keywords) == 9


def test_everything_that_a_paper_may_have() -> None:
    (signal,) = read(
        element(
            "2603.00001", 5, githubRepo="https://github.com/lab/letters", githubStars=412, ai_summary=" In \n short. ",
            projectPage="https://letters.example/a?b=c", organization={"name": "lab"}, ai_keywords=["a", 7, "", "b"],
        )
    )  # fmt: skip
    assert (signal.stars, signal.project, signal.organisation) == (412, "https://letters.example/a?b=c", "lab")
    assert (signal.summary, signal.keywords) == ("In short.", ("a", "b"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"githubRepo": 7, "githubStars": True, "projectPage": None, "ai_keywords": "abc", "organization": ["x"]},
        {"githubRepo": "http://github.com/a/b", "githubStars": 3},
        {"githubRepo": "https://github.com.evil.example/a", "githubStars": 3},
        {"projectPage": "javascript:alert(1)"},
        {"ai_summary": {"a": 1}},
    ],
)
def test_what_is_of_another_kind_counts_as_absent(wrong: dict[str, Any]) -> None:
    assert read(element("2603.00001", 5, **wrong)) == [Signal("2603.00001", 5, NOW)]


def test_elements_that_cannot_be_read_are_left_out_unless_all_are() -> None:
    good = element("2603.00001", 5)
    bad: list[object] = [
        None,
        [],
        {},
        {"paper": 1},
        element("nonsense", 5),
        element("2603.00002", -1),
        element("2603.00003", True),
    ]
    assert [signal.paper for signal in read(*bad, good)] == ["2603.00001"]
    with pytest.raises(SourceError, match="no paper that could be read"):
        read(*bad)


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"[1" + b"0" * 10_000 + b"]", b"\xff\xfe[", b"{}", b"7"])
def test_nonsense_is_refused(content: bytes) -> None:
    with pytest.raises(SourceError):
        signals_in(content, NOW)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://github.com/a/b", True),
        ("https://letters.example/~ann/#top", True),
        ("http://letters.example/", False),
        ("https://user:secret@letters.example/", False),
        ("https://letters.example:8443/", False),
        ("https://localhost/", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://letters.example/<script>", False),
        ("https://letters.example/a|b", False),
        ("https://letters.example/a b", False),
        ("https://letters.example/a)b", False),
        ("https://létters.example/", False),
        ("https://letters.example/" + "a" * 300, False),
        ("https://[", False),
        ("", False),
    ],
)
def test_a_link_is_a_plain_https_address_or_none(url: str, kept: bool) -> None:
    assert https_link(url) == (url if kept else "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("githubRepo", "githubStars", "projectPage", "organization", "ai_summary", "ai_keywords", "upvotes", "id")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
@settings(max_examples=60)
def test_no_answer_breaks_the_reader(fields: dict[str, Any]) -> None:
    for signal in read(element("2603.00001", 1), element("2603.00002", 1) | {"paper": fields}):
        assert 0 <= signal.upvotes <= 10_000_000
        assert len(signal.summary) <= 1_000
