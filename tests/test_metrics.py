"""``/metrics``: who may read it, what it counts, what it never names, and the example alerts."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import aiohttp
import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from adapters.web import WebServer
from adapters.web.metrics import Metrics
from bot.delivery import Dispatcher
from bot.errors import DeliveryError, StoreError
from bot.measuring import NoMeter, announced_at, lags
from bot.models import Backlog, Entry, Post, PostKind
from bot.outcome import NEVER
from bot.ports import Meter
from bot.watcher import Watcher
from storage.sqlite import SqliteStore
from tests import discord_kit, slack_kit
from tests.commands_kit import FakeSource
from tests.delivery_kit import DrivenClock, announce, watch
from tests.factories import CHANNEL, make_paper
from tests.standins.chat import MemoryChat, Trouble
from tests.standins.discord import GUILD
from tests.store_kit import open_store

TOKEN = "made-up-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ALERTS = Path(__file__).parents[1] / "docs" / "alerts.yml"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(TOKEN, "1.2.3")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def served(metrics: Metrics, backlog: Callable[[], Awaitable[Backlog]]) -> AsyncIterator[str]:
    async def ready() -> bool:
        return True

    server = WebServer("127.0.0.1", 0, routes=metrics.routes(backlog), ready=ready)
    await server.start()
    try:
        yield f"http://127.0.0.1:{server.port}/metrics"
    finally:
        await server.stop()


async def asked(url: str, headers: dict[str, str]) -> tuple[int, str]:
    async with aiohttp.ClientSession() as browser, browser.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


def figures(page: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


async def test_it_is_open_to_the_token_alone(metrics: Metrics, store: SqliteStore) -> None:
    async with served(metrics, store.backlog) as url:
        refused: list[dict[str, str]] = [
            {},
            {"Authorization": TOKEN},
            {"Authorization": f"Bearer {TOKEN}x"},
            {"Authorization": "Bearer "},
            {"X-Forwarded-For": "127.0.0.1"},
        ]
        for headers in refused:
            status, text = await asked(url, headers)
            assert (status, text) == (401, "not allowed\n")
        status, page = await asked(url, BEARER)
        assert status == 200
        assert figures(page)["paperroute_store_up"] == 1
        assert figures(page)["paperroute_build_info version=1.2.3"] == 1
        assert figures(page)["process_resident_memory_bytes"] > 0


async def test_a_store_that_does_not_answer_is_a_figure(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    async def trouble() -> Backlog:
        raise StoreError("The disk is full.", path="x")

    async with served(metrics, trouble) as url:
        status, page = await asked(url, BEARER)
    assert (status, figures(page)["paperroute_store_up"]) == (200, 0)
    assert "The disk is full." in caplog.text


async def test_what_is_counted_and_how_the_store_stands(metrics: Metrics, store: SqliteStore) -> None:
    clock, chat = DrivenClock(), MemoryChat()
    dispatcher = Dispatcher(store, [chat], clock, random=Random(1), meter=metrics)
    await watch(store, clock)
    await announce(store, clock, 1, 2, 3, 4)
    chat.send_faults += [DeliveryError("Later.", retry_after=5), Trouble.LOST_ANSWER]
    await clock.drive(dispatcher.drain())
    chat.refusals[CHANNEL] = DeliveryError("No.", permanent=True, remedy="Invite it.")
    await announce(store, clock, 5)
    await clock.drive(dispatcher.drain())
    await Watcher(FakeSource(), store, clock, meter=metrics).poll()
    metrics.polled(40, 39, 3, 1, failed=True)
    metrics.acknowledged("slack", 0.02)
    async with served(metrics, store.backlog) as url:
        _, page = await asked(url, BEARER)
    found = figures(page)
    expected = {
        "paperroute_posted_total platform=console": 2,
        "paperroute_retries_total platform=console": 1,
        "paperroute_uncertain_total platform=console": 1,
        "paperroute_dead_total platform=console": 2,  # the digest, and the notice that says so
        "paperroute_lag_seconds_count": 4,
        "paperroute_announced_total": 40,
        "paperroute_seen_total": 39,
        "paperroute_matched_total": 3,
        "paperroute_late_total": 1,
        "paperroute_polls_total outcome=good": 1,
        "paperroute_polls_total outcome=failed": 1,
        "paperroute_ack_seconds_count platform=slack": 1,
        "paperroute_ack_seconds_bucket le=0.025 platform=slack": 1,
        "paperroute_posts state=pending": 0,
        "paperroute_posts state=uncertain": 0,
        "paperroute_owed": 0,
        "paperroute_paused_channels": 1,
        "paperroute_last_poll_timestamp_seconds": clock.now().timestamp(),
    }
    assert {name: found[name] for name in expected} == expected
    for secret in (CHANNEL.channel, CHANNEL.workspace, "ti:delivery", TOKEN):
        assert secret not in page


async def test_what_waits_and_what_is_unknown(store: SqliteStore) -> None:
    clock, chat = DrivenClock(), MemoryChat()
    await watch(store, clock)
    await announce(store, clock, 1, 2, 3, 4)
    dispatcher = Dispatcher(store, [chat], clock, random=Random(1))
    assert await store.backlog() == Backlog(4, 0, 0, 0, 0, 0, 0, 0, None)
    await dispatcher._composer.everything()
    assert await store.backlog() == Backlog(4, 2, 0, 0, 0, 0, 0, 0, None)
    (item,) = await store.claim(["console"], clock.now(), 1)
    assert (await store.backlog()).sending == 1
    await store.uncertain(item.post.key, clock.now(), "?")
    assert (await store.backlog()).uncertain == 1
    await store.uncertain(item.post.key, NEVER, "?")
    assert (await store.backlog()).unknown == 1


def test_the_lag_of_a_post_counts_from_the_evening_of_the_announcement() -> None:
    # 20:00 US Eastern is 01:00 UTC in winter and 00:00 in summer.
    assert announced_at(date(2026, 3, 4)) == datetime(2026, 3, 4, 1, tzinfo=UTC)
    assert announced_at(date(2026, 7, 1)) == datetime(2026, 7, 1, 0, tzinfo=UTC)
    paper = make_paper(announced=date(2026, 3, 4))
    entries = (
        Entry(1, paper, delivery=1),
        Entry(2, paper, delivery=2, late=True),
        Entry(3, paper),
        Entry(0, paper, delivery=4),
        Entry(5, make_paper(announced=None), delivery=5),
    )
    post = Post("k" * 24, CHANNEL, PostKind.DIGEST, entries=entries)
    assert lags(post, datetime(2026, 3, 4, 9, tzinfo=UTC)) == [8 * 3600.0]
    assert lags(post, datetime(2026, 3, 3, 9, tzinfo=UTC)) == [0.0]
    assert lags(Post("k" * 24, CHANNEL, PostKind.CARD, entries=entries, thread_of="d" * 24), datetime.now(UTC)) == []


def test_a_meter_that_nobody_asks_takes_the_same() -> None:
    meter: Meter = NoMeter()
    other: Meter = Metrics(TOKEN, "1")
    for one in (meter, other):
        one.polled(1, 1, 1, 0, failed=False)
        one.posted("slack", [1.0])


async def test_every_metric_that_the_alerts_name_is_there(metrics: Metrics, store: SqliteStore) -> None:
    metrics.polled(1, 1, 1, 0, failed=False)
    metrics.posted("slack", [60.0])
    metrics.acknowledged("slack", 0.1)
    metrics.retried("slack")
    metrics.dead("slack")
    async with served(metrics, store.backlog) as url:
        _, page = await asked(url, BEARER)
    there = {sample.split(" ")[0] for sample in figures(page)} | {"up"}
    states = {sample.partition("state=")[2] for sample in figures(page) if "state=" in sample}
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 6
    for rule in rules:
        assert set(rule) >= {"alert", "expr", "labels", "annotations"}
        named = set(re.findall(r"\b(?:paperroute|process)_\w+|\bup\b", rule["expr"]))
        assert named, rule["alert"]
        assert named <= there, rule["alert"]
        assert set(re.findall(r'state="(\w+)"', rule["expr"])) <= states
        # Balanced: a rule that cannot be read would be found out by Prometheus alone.
        assert rule["expr"].count("(") == rule["expr"].count(")")


class Acknowledgements(NoMeter):
    """Remembers them."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []

    def acknowledged(self, platform: str, seconds: float) -> None:
        self.heard.append((platform, seconds))


async def test_acknowledgements_on_slack_are_counted(tmp_path: Path) -> None:
    meter = Acknowledgements()
    async with slack_kit.stand_in() as slack, slack_kit.running(slack, tmp_path, meter=meter) as bot:
        await bot.say("help")
        await bot.say("list")
    assert [platform for platform, _ in meter.heard] == ["slack", "slack"]
    # The clock of these tests runs twenty times as fast.
    assert all(0 <= seconds < 60 for _, seconds in meter.heard)


@pytest.fixture
def counting(metrics: Metrics) -> Iterator[Metrics]:
    logging.getLogger().addHandler(metrics.defects)
    yield metrics
    logging.getLogger().removeHandler(metrics.defects)


def defects(metrics: Metrics) -> dict[str, float]:
    """Those that were counted, by who logged them."""
    name = "paperroute_defects_total by="
    found = figures(generate_latest(metrics.registry).decode())
    return {each.removeprefix(name): number for each, number in found.items() if each.startswith(name) and number}


def test_what_is_logged_with_an_exception_is_a_defect_and_no_other(counting: Metrics) -> None:
    try:
        raise ValueError("x")
    except ValueError:
        logging.getLogger("adapters.discord.client").exception("A button met a defect.")
        logging.getLogger("slack_bolt.AsyncApp").exception("Failed.")
        logging.getLogger("bot.courier").warning("Not posted.", exc_info=True)
    logging.getLogger("bot.courier").error("Given up and channel paused.")
    assert defects(counting) == {"adapters.discord": 1, "slack_bolt": 1}


async def test_requests_that_are_no_http_are_no_defects(counting: Metrics, store: SqliteStore) -> None:
    async with served(counting, store.backlog) as url:
        host, port = url.removeprefix("http://").removesuffix("/metrics").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")
        assert b"400" in await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert defects(counting) == {}


async def test_what_slacks_libraries_cannot_read_is_counted(counting: Metrics, tmp_path: Path) -> None:
    async with slack_kit.stand_in() as slack, slack_kit.running(slack, tmp_path) as bot:
        for payload in ([1], None, {"type": "event_callback", "team_id": "T0LAB", "event": None}):
            body = {"envelope_id": "e", "type": "interactive", "payload": payload}
            await slack.sockets.open[0].send_json(body)
        await bot.say("help")
    assert defects(counting) == {"slack_bolt": 2, "adapters.slack": 1}


async def test_what_discords_library_cannot_read_is_counted(counting: Metrics, tmp_path: Path) -> None:
    async with discord_kit.stand_in() as discord, discord_kit.running(discord, tmp_path) as bot:
        for number in range(2):
            await discord.gateway.tell(GUILD, "INTERACTION_CREATE", {"id": str(number)})
        await bot.say("help")
    assert defects(counting) == {"adapters.discord": 2}


async def test_acknowledgements_on_discord_are_counted(tmp_path: Path) -> None:
    meter = Acknowledgements()
    async with discord_kit.stand_in() as discord, discord_kit.running(discord, tmp_path, meter=meter) as bot:
        await bot.say("list")
        await bot.say("status")
    assert [platform for platform, _ in meter.heard] == ["discord", "discord"]
    assert all(0 <= seconds < 60 for _, seconds in meter.heard)
