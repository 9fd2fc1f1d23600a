"""What no watch asked for, as people see it: proposals below a digest and the weekly top, on every platform."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from adapters.console import CHANNEL, ConsoleChat
from adapters.discord import DiscordChat
from adapters.slack import SlackChat
from bot.channel_schedule import Schedule
from bot.delivery import Dispatcher
from bot.models import ChannelRef, Layout, MemberRef
from bot.ports import Chat
from bot.similar import Relatives
from bot.weekly_top import by_community
from bot.wording import SIMILAR_HEADING
from storage.sqlite import SqliteStore
from tests import discord_kit, slack_kit
from tests.chat_contract import UnusedHandler
from tests.delivery_kit import DrivenClock, running, until
from tests.factories import make_paper, make_signal
from tests.standins.clock import QuickClock
from tests.standins.plain_index import PlainIndex
from tests.store_kit import make_channel, open_store, poll, watch

BECAUSE = "because you saved “Tides of the northern sea”"
OLD = [
    make_paper("2603.00001", title="Tides of the northern sea", abstract="The sea rises.", announced=date(2026, 3, 3)),
    make_paper("2603.00002", title="Glaciers", abstract="Ice moves downhill.", announced=date(2026, 3, 3)),
]
NEW = [
    make_paper("2603.00011", title="A delivery of letters", abstract="Unlike anything."),
    make_paper("2603.00012", title="Northern tides", abstract="How the sea rises at night."),
    make_paper("2603.00013", title="A lamp", abstract="Of brass."),
]


@dataclass
class Shown:
    """A channel of a started platform, and what is seen there: in it and in its threads."""

    chat: Chat
    ref: ChannelRef
    messages: Callable[[], list[str]]
    threaded: Callable[[], list[str]]


@asynccontextmanager
async def on_slack(store: SqliteStore, folder: Path) -> AsyncIterator[Shown]:
    async with slack_kit.stand_in() as slack:
        slack.limits.enforced = False
        chat = SlackChat(slack_kit.settings(slack), store, slack_kit.CLOCK, pause=0.0)
        said = slack.team.channels[slack_kit.READING.channel].messages

        def seen(*, threads: bool) -> list[str]:
            return [slack_kit.shown(each.body) for each in said if (each.thread_ts not in (None, each.ts)) is threads]

        await chat.start(UnusedHandler())
        yield Shown(chat, slack_kit.READING, lambda: seen(threads=False), lambda: seen(threads=True))
        await chat.close()


@asynccontextmanager
async def on_discord(store: SqliteStore, folder: Path) -> AsyncIterator[Shown]:
    async with discord_kit.stand_in() as discord:
        chat = DiscordChat(discord_kit.settings(discord), store, discord_kit.CLOCK, guild_patience=0.05)

        def seen(*, threads: bool) -> list[str]:
            places = [each for each in discord.guild.channels.values() if (each.parent is not None) is threads]
            return [discord_kit.shown(each.body) for place in places for each in place.messages.values()]

        await chat.start(UnusedHandler())
        yield Shown(chat, discord_kit.CHANNEL, lambda: seen(threads=False), lambda: seen(threads=True))
        await chat.close()


@asynccontextmanager
async def on_console(store: SqliteStore, folder: Path) -> AsyncIterator[Shown]:
    output = io.StringIO()
    chat = ConsoleChat(
        output=output,
        stdin=-1,
        transcript=folder / "transcript",
        clock=DrivenClock(),
        member="ann",
        interactive=False,
    )
    await chat.start(UnusedHandler())
    yield Shown(chat, CHANNEL, lambda: [output.getvalue()] if output.getvalue() else [], list)
    await chat.close()


PLATFORMS = {"console": on_console, "slack": on_slack, "discord": on_discord}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture(params=PLATFORMS)
async def place(request: pytest.FixtureRequest, store: SqliteStore, tmp_path: Path) -> AsyncIterator[Shown]:
    async with PLATFORMS[request.param](store, tmp_path) as made:
        yield made


def member(ref: ChannelRef) -> MemberRef:
    return MemberRef(ref.platform, ref.workspace, "ann", "ann")


@pytest.mark.parametrize("layout", Layout)
async def test_a_digest_ends_with_proposals_in_every_layout_that_has_one(
    place: Shown, store: SqliteStore, tmp_path: Path, layout: Layout
) -> None:
    clock = QuickClock()
    await watch(store, "ti:delivery", place.ref)
    await poll(store, OLD)
    relatives = Relatives(store, PlainIndex(tmp_path), clock)
    await relatives.refresh()
    await store.save(member(place.ref), place.ref, OLD[0].id, clock.now())
    await store.set_similar(place.ref, True, member(place.ref), clock.now())
    await store.set_layout(place.ref, layout, member(place.ref), clock.now())
    await poll(store, NEW)
    dispatcher = Dispatcher(store, [place.chat], clock, random=Random(1), propose=relatives.proposals)
    drained = await dispatcher.drain(everything=True)
    await dispatcher.stop()
    assert drained.dead == 0
    (message,) = place.messages()
    assert message.count("A delivery of letters") == 1
    if layout is Layout.CARDS:
        assert SIMILAR_HEADING not in message
        assert "Unlike anything." in message
        assert place.threaded() == []
        return
    heading, proposal = message.index(SIMILAR_HEADING), message.index("Northern tides")
    assert message.index("A delivery of letters") < heading < proposal < message.index(BECAUSE)
    assert "1 new paper ·" in message
    assert "A lamp" not in message
    assert "5 announced, 5 checked, 1 matched" in message
    if layout is Layout.THREAD and place.chat.limits.threads:
        (card,) = place.threaded()
        assert "Unlike anything." in card
    else:
        assert place.threaded() == []


async def test_the_weekly_top_is_posted_at_its_minute(place: Shown, store: SqliteStore) -> None:
    due = datetime(2026, 3, 9, 9, tzinfo=UTC)
    clock = DrivenClock()
    clock.set(due - timedelta(seconds=90))
    await make_channel(store, place.ref, "off UTC")
    top = Schedule.parse("weekly mon 09:00", "UTC")
    await store.set_top(place.ref, top.canonical, top.next_after(clock.now()), member(place.ref), clock.now())
    await store.add_papers([*OLD, *NEW])
    await store.save(member(place.ref), place.ref, OLD[0].id, clock.now() - timedelta(days=2))
    await store.put_signals([make_signal(NEW[0].id, 87)], clock.now())
    dispatcher = Dispatcher(store, [place.chat], clock, random=Random(1), rated=by_community(store))
    async with running(dispatcher):
        await clock.rest()
        await clock.advance(89)
        await clock.rest()
        assert place.messages() == []
        await clock.advance(1)
        await until(lambda: _sent(dispatcher))
    (message,) = place.messages()
    assert "Top of the week · Monday 9 March 2026" in message
    assert message.index("Tides of the northern sea") < message.index("1 save")
    assert message.index("1 save") < message.index("A delivery of letters") < message.index("87 on Hugging Face")
    assert "Northern tides" not in message


async def _sent(dispatcher: Dispatcher) -> bool:
    await asyncio.sleep(0)
    return dispatcher.sent == 1
