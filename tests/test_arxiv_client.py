"""The real client against the stand-in: manners, distrust, and every known fault of arXiv's."""

from __future__ import annotations

import asyncio
import inspect
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import arxiv
import pytest
import requests
import urllib3

from adapters.arxiv.client import PAGE_SIZE, RETRIES, Client, as_source_error, user_agent
from adapters.arxiv.transport import LONGEST_WAIT, Transport
from bot.errors import SourceError
from tests.factories import make_paper
from tests.standins.arxiv import ArxivStandIn, Fault, Kind
from tests.standins.clock import FakeClock
from tests.standins.seconds import Seconds

IDS = [f"2603.{number:05d}" for number in range(1, 7)]


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def stand_in(seconds: Seconds) -> Iterator[ArxivStandIn]:
    with ArxivStandIn([make_paper(paper_id) for paper_id in IDS], monotonic=seconds.monotonic) as server:
        yield server


@pytest.fixture
def client(stand_in: ArxivStandIn, seconds: Seconds, clock: FakeClock) -> Iterator[Client]:
    made = make_client(stand_in.url, seconds, clock)
    yield made
    made.close()


def make_client(url: str, seconds: Seconds, clock: FakeClock, **changes: Any) -> Client:
    values: dict[str, Any] = {
        "api_url": url,
        "delay": 3.0,
        "contact": "team@example.org",
        "clock": clock,
        "monotonic": seconds.monotonic,
        "sleep": seconds.sleep,
    }
    return Client(**(values | changes))


async def test_papers_come_by_id_and_unknown_ids_are_absent(client: Client, stand_in: ArxivStandIn) -> None:
    papers = await client.by_id([*IDS, "2603.99999"])
    assert list(papers) == IDS
    assert papers[IDS[0]] == make_paper(IDS[0], announced=None)
    assert len(stand_in.requests) == 1


async def test_a_request_says_who_asks_and_for_what(client: Client, stand_in: ArxivStandIn) -> None:
    await client.by_id(IDS)
    headers = stand_in.requests[0].headers
    assert headers["user-agent"] == user_agent("team@example.org")
    assert headers["accept"] == "application/atom+xml"


def test_the_user_agent_holds_nothing_that_a_header_cannot() -> None:
    assert user_agent("").startswith("paperroute/")
    assert " " not in user_agent("")
    assert user_agent("a\r\nX: y é@example.org").endswith("(aX: y @example.org)")


async def test_two_hundred_ids_are_one_request_and_more_are_refused(client: Client, stand_in: ArxivStandIn) -> None:
    ids = [f"2604.{number:05d}" for number in range(1, PAGE_SIZE + 1)]
    stand_in.announce(make_paper(paper_id) for paper_id in ids)
    assert len(await client.by_id(ids)) == PAGE_SIZE
    assert len(stand_in.requests) == 1
    with pytest.raises(ValueError, match="201 ids"):
        await client.by_id([*ids, "2604.99999"])


async def test_the_newest_papers_are_one_page(client: Client, stand_in: ArxivStandIn) -> None:
    moment = datetime(2026, 4, 1, tzinfo=UTC)
    stand_in.announce(
        make_paper(f"2604.{number:05d}", published=moment + timedelta(minutes=number)) for number in range(1, 301)
    )
    assert [paper.id for paper in await client.newest()] == [f"2604.{number:05d}" for number in range(300, 100, -1)]
    assert len(stand_in.requests) == 1


async def test_requests_keep_their_distance(client: Client, stand_in: ArxivStandIn, seconds: Seconds) -> None:
    await client.by_id(IDS)
    seconds.now += 1
    await client.by_id(IDS)
    seconds.now += 60
    await client.by_id(IDS)
    assert [request.at for request in stand_in.requests] == [1000.0, 1003.0, 1063.0]


@pytest.mark.parametrize(
    "kind",
    [
        Kind.EMPTY_PAGE,
        Kind.TOTAL_ZERO_WITH_ENTRIES,
        Kind.NO_TOTALS,
        Kind.WRONG_START,
        Kind.HTML,
        Kind.ERROR_FEED,
        Kind.BROKEN_XML,
        Kind.TRUNCATED,
        Kind.ENTITIES,
        Kind.DROPPED,
        Kind.RESET_BEFORE,
        Kind.RESET_AFTER,
    ],
)
async def test_after_a_fault_the_request_is_repeated_at_the_same_distance(
    client: Client, stand_in: ArxivStandIn, kind: Kind
) -> None:
    stand_in.faults.append(Fault(kind))
    assert list(await client.by_id(IDS)) == IDS
    assert [request.at for request in stand_in.requests] == [1000.0, 1003.0]
    assert stand_in.open_most == 1


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_broken_server_is_asked_again(client: Client, stand_in: ArxivStandIn, status: int) -> None:
    stand_in.faults.append(Fault(Kind.STATUS, status=status))
    assert list(await client.by_id(IDS)) == IDS
    assert [request.at for request in stand_in.requests] == [1000.0, 1003.0]


@pytest.mark.parametrize(
    "fault", [Fault(Kind.STATUS, status=status) for status in (406, 429, 503)] + [Fault(Kind.RATE_EXCEEDED)]
)
async def test_a_busy_server_is_left_alone_for_longer_each_time(
    client: Client, stand_in: ArxivStandIn, fault: Fault
) -> None:
    stand_in.faults.extend([fault, fault, None, fault])
    assert list(await client.by_id(IDS)) == IDS
    assert list(await client.by_id(IDS)) == IDS
    assert [request.at for request in stand_in.requests] == [1000.0, 1030.0, 1090.0, 1093.0, 1123.0]


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("7", 7),
        ("0", 3),
        (format_datetime(FakeClock().now() + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(FakeClock().now() - timedelta(days=1), usegmt=True), 3),
        ((FakeClock().now() + timedelta(seconds=45)).strftime("%a, %d %b %Y %H:%M:%S -0000"), 45),
        ("soon", 30),
    ],
)
async def test_retry_after_is_kept_to(client: Client, stand_in: ArxivStandIn, retry_after: str, wait: int) -> None:
    stand_in.faults.append(Fault(Kind.STATUS, status=429, retry_after=retry_after))
    assert list(await client.by_id(IDS)) == IDS
    assert [request.at for request in stand_in.requests] == [1000.0, 1000.0 + wait]


async def test_a_long_retry_after_ends_the_request_and_is_remembered(
    client: Client, stand_in: ArxivStandIn, seconds: Seconds
) -> None:
    stand_in.faults.append(Fault(Kind.STATUS, status=503, retry_after="3600"))
    with pytest.raises(SourceError, match="60 minutes") as caught:
        await client.by_id(IDS)
    assert caught.value.retry_after == 3600
    assert not caught.value.permanent
    with pytest.raises(SourceError) as caught:
        await client.by_id(IDS)
    assert caught.value.retry_after == 3600
    assert len(stand_in.requests) == 1
    seconds.now += 3600
    assert list(await client.by_id(IDS)) == IDS


async def test_a_mistaken_retry_after_does_not_stop_the_source_for_ever(client: Client, stand_in: ArxivStandIn) -> None:
    stand_in.faults.append(Fault(Kind.STATUS, status=503, retry_after="9" * 400))
    with pytest.raises(SourceError) as caught:
        await client.by_id(IDS)
    assert caught.value.retry_after == 86_400


async def test_a_member_does_not_wait_long(client: Client, stand_in: ArxivStandIn, seconds: Seconds) -> None:
    stand_in.faults.append(Fault(Kind.STATUS, status=429, retry_after="60"))
    with pytest.raises(SourceError, match="60 seconds"):
        await client.by_id(IDS, patience=15)
    assert seconds.slept == []


async def test_a_member_who_queued_behind_a_busy_answer_does_not_wait_either(
    client: Client, stand_in: ArxivStandIn
) -> None:
    stand_in.faults.extend([Fault(Kind.STATUS, status=429, retry_after="60")] * (RETRIES + 1))
    poll, member = await asyncio.gather(client.by_id(IDS), client.by_id(IDS, patience=15), return_exceptions=True)
    assert isinstance(poll, SourceError)
    assert isinstance(member, SourceError)
    assert member.retry_after == 60
    assert len(stand_in.requests) == RETRIES + 1


async def test_a_server_that_stays_busy_is_an_error_with_its_wait(client: Client, stand_in: ArxivStandIn) -> None:
    stand_in.faults.extend([Fault(Kind.STATUS, status=429, retry_after="9")] * (RETRIES + 1))
    with pytest.raises(SourceError, match="HTTP 429") as caught:
        await client.by_id(IDS)
    assert caught.value.retry_after == 9
    assert len(stand_in.requests) == RETRIES + 1


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (401, False), (403, False), (404, True), (410, True), (414, True)]
)
async def test_a_refusal_is_not_repeated(client: Client, stand_in: ArxivStandIn, status: int, permanent: bool) -> None:
    stand_in.faults.append(Fault(Kind.STATUS, status=status))
    with pytest.raises(SourceError, match=f"HTTP {status}") as caught:
        await client.by_id(IDS)
    assert caught.value.permanent is permanent
    assert len(stand_in.requests) == 1


async def test_one_malformed_id_is_refused_as_by_arxiv(client: Client, stand_in: ArxivStandIn) -> None:
    with pytest.raises(SourceError, match="HTTP 400"):
        await client.by_id([*IDS, "abc"])
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.RATE_EXCEEDED, "XML is broken in line 1"),
        (Kind.HTML, "document type"),
        (Kind.BROKEN_XML, "XML is broken in line"),
        (Kind.TRUNCATED, "broke off"),
        (Kind.EMPTY_PAGE, "0 of 6 entries"),
        (Kind.RESET_BEFORE, "could not be reached"),
    ],
)
async def test_what_stays_broken_is_an_error_that_says_what(
    client: Client, stand_in: ArxivStandIn, kind: Kind, reason: str
) -> None:
    stand_in.faults.extend([Fault(kind)] * (RETRIES + 1))
    with pytest.raises(SourceError, match=reason) as caught:
        await client.by_id(IDS)
    assert not caught.value.permanent
    assert len(stand_in.requests) == RETRIES + 1
    assert list(await client.by_id(IDS)) == IDS


@pytest.mark.parametrize("kind", [Kind.DROPPED, Kind.TOTAL_ZERO_WITH_ENTRIES])
async def test_a_page_that_stays_short_is_taken_at_the_second_time(
    client: Client, stand_in: ArxivStandIn, kind: Kind
) -> None:
    stand_in.fault_of = lambda _: Fault(kind)
    found = await client.by_id(IDS)
    assert list(found) == (IDS[1::2] if kind is Kind.DROPPED else IDS)
    assert len(stand_in.requests) == 2


@pytest.mark.parametrize("kind", [Kind.NO_AUTHORS, Kind.NO_CATEGORY, Kind.BAD_DATE, Kind.PARTIAL])
async def test_half_a_paper_is_no_paper_and_the_others_come(client: Client, stand_in: ArxivStandIn, kind: Kind) -> None:
    stand_in.faults.append(Fault(kind))
    assert list(await client.by_id(IDS)) == IDS[1::2]
    assert len(stand_in.requests) == 1


async def test_a_whole_page_of_half_papers_is_none(client: Client, stand_in: ArxivStandIn) -> None:
    stand_in.faults.append(Fault(Kind.BAD_DATE, ids=frozenset(IDS)))
    assert await client.by_id(IDS) == {}
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("kind", [Kind.SLOW, Kind.REDIRECT])
async def test_what_is_only_unusual_is_read(client: Client, stand_in: ArxivStandIn, kind: Kind) -> None:
    stand_in.faults.append(Fault(kind))
    assert list(await client.by_id(IDS)) == IDS


async def test_a_server_that_never_answers_is_given_up(
    stand_in: ArxivStandIn, seconds: Seconds, clock: FakeClock
) -> None:
    client = make_client(stand_in.url, seconds, clock, timeout=(5.0, 0.15))
    stand_in.faults.append(Fault(Kind.HANG))
    assert list(await client.by_id(IDS)) == IDS
    stand_in.faults.extend([Fault(Kind.HANG)] * (RETRIES + 1))
    with pytest.raises(SourceError, match="did not come in time"):
        await client.by_id(IDS)
    client.close()


async def test_an_answer_that_never_ends_is_given_up(
    stand_in: ArxivStandIn, seconds: Seconds, clock: FakeClock
) -> None:
    client = make_client(stand_in.url, seconds, clock)
    stand_in.announce(make_paper(paper_id, abstract="long " * 30_000) for paper_id in IDS)
    seconds.monotonic = iter(range(0, 10**9, 200)).__next__  # type: ignore[method-assign] # time flies at each look
    client = make_client(stand_in.url, seconds, clock)
    with pytest.raises(SourceError, match="took longer than 5 minutes"):
        await client.newest()
    client.close()


async def test_an_answer_beyond_measure_is_given_up(client: Client, stand_in: ArxivStandIn) -> None:
    client.transport._max_bytes = 1000
    with pytest.raises(SourceError, match="longer than 1000 bytes"):
        await client.newest()


async def test_a_server_that_is_not_there(seconds: Seconds, clock: FakeClock) -> None:
    with ArxivStandIn() as gone:
        url = gone.url
    client = make_client(url, seconds, clock)
    with pytest.raises(SourceError, match="could not be reached"):
        await client.by_id(IDS)
    assert seconds.slept == [3.0] * RETRIES
    client.close()


@pytest.mark.parametrize("url", ["not an address", "ftp://example.org/api", "http://", "http://[::1/api"])
async def test_an_address_that_is_none(url: str, seconds: Seconds, clock: FakeClock) -> None:
    client = make_client(url, seconds, clock)
    with pytest.raises(SourceError, match="ARXIV_API_URL") as caught:
        await client.by_id(IDS)
    assert caught.value.permanent
    client.close()


async def test_an_address_may_have_braces(stand_in: ArxivStandIn, seconds: Seconds, clock: FakeClock) -> None:
    client = make_client(stand_in.url.replace("/api/query", "/{mirror}/query"), seconds, clock)
    assert list(await client.by_id(IDS)) == IDS
    client.close()


async def test_the_environment_has_no_say(
    client: Client, stand_in: ArxivStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert list(await client.by_id(IDS)) == IDS
    assert "authorization" not in stand_in.requests[0].headers


async def test_many_at_once_take_turns(client: Client, stand_in: ArxivStandIn) -> None:
    await asyncio.gather(*(client.by_id(IDS) for _ in range(5)))
    assert stand_in.open_most == 1
    assert [request.at for request in stand_in.requests] == [1000.0, 1003.0, 1006.0, 1009.0, 1012.0]


async def test_closing_wakes_what_waits_its_turn(stand_in: ArxivStandIn, clock: FakeClock) -> None:
    client = Client(api_url=stand_in.url, delay=300, contact="", clock=clock)
    await client.by_id(IDS)
    waiting = asyncio.create_task(client.by_id(IDS))
    await asyncio.sleep(0)
    client.close()
    with pytest.raises(SourceError, match="stopping"):
        await waiting
    assert len(stand_in.requests) == 1


async def test_a_request_given_up_by_its_caller_disturbs_nobody(client: Client, stand_in: ArxivStandIn) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        entered.set()
        go_on.wait(10)

    stand_in.fault_of = hold
    abandoned = asyncio.create_task(client.by_id(IDS))
    await asyncio.to_thread(entered.wait, 10)
    abandoned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned
    stand_in.fault_of = None
    following = asyncio.create_task(client.by_id(IDS))
    await asyncio.sleep(0)
    go_on.set()
    assert list(await following) == IDS
    assert stand_in.open_most == 1


FOREIGN = [
    *(
        kind
        for module in (requests.exceptions, urllib3.exceptions)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind.__module__ in {"requests.exceptions", "urllib3.exceptions"}
    ),
    *(kind for _, kind in inspect.getmembers(arxiv, inspect.isclass) if issubclass(kind, arxiv.ArxivError)),
    ValueError,
    UnicodeError,
]


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_foreign_exception_gets_out(kind: type[Exception], client: Client) -> None:
    # Their constructors ask for all sorts of things that do not matter here.
    error = kind.__new__(kind)
    if issubclass(kind, arxiv.HTTPError):
        error.status = 500  # type: ignore[attr-defined] # as its constructor does
    with pytest.raises(SourceError, match=r"\.$") as caught, as_source_error(client.transport):
        raise error
    assert caught.value.__cause__ is error


def test_what_is_ours_passes_unchanged(client: Client) -> None:
    ours = SourceError("Already in words.")
    with pytest.raises(SourceError) as caught, as_source_error(client.transport):
        raise ours
    assert caught.value is ours


def test_a_response_can_be_read_like_any_other(stand_in: ArxivStandIn, seconds: Seconds) -> None:
    transport = Transport(
        delay=3,
        user_agent="paperroute/0",
        timeout=(5, 5),
        total=30,
        monotonic=seconds.monotonic,
        sleep=seconds.sleep,
        now=FakeClock().now,
    )
    assert transport.patience == LONGEST_WAIT
    with requests.Session() as session:
        session.mount("http://", transport)
        response = session.get(f"{stand_in.url}?id_list={IDS[0]}&max_results=5", headers={"user-agent": "other"})
        plain = session.get(f"{stand_in.url}?id_list={IDS[0]}")
    assert response.ok
    assert response.url.startswith(stand_in.url)
    assert b"opensearch" in response.content
    assert io.BytesIO(plain.content).read() == plain.content
    assert transport.entries == 1
    assert stand_in.requests[0].headers["user-agent"] == "paperroute/0"
