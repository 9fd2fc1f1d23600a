"""`trending`, `sort`, and the community's signals in other replies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from bot.conversation import Button, ButtonKind
from bot.models import Sort
from tests.commands_kit import Room, numbered, open_room
from tests.factories import ANN, BOB, CHANNEL, make_signal
from tests.standins.clock import FakeClock


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        await room.announce(numbered(2, first=90, announced=date(2026, 2, 20), title="Moss"))
        await room.announce(numbered(1, first=1, announced=date(2026, 3, 2)))
        await room.announce(numbered(3, first=2))
        signals = {"2602.00090": 300, "2603.00001": 40, "2603.00002": 25, "2603.00003": 30}
        await room.store.put_signals([make_signal(*pair) for pair in signals.items()], clock.now())
        yield room


RANKED = (
    "Ranked by upvotes on Hugging Face (read on Wed 4 March 12:00 (Europe/Berlin)) and by this team's saves: "
    "a save counts as 10 upvotes."
)


async def test_papers_of_a_period_by_upvotes_and_saves(room: Room) -> None:
    for member in (ANN, BOB):
        await room.say("save 2603.00002", by=member)
    assert await room.told("trending") == (
        "Trending papers announced in the last 7 days:\n[2603.00002: 2 saves]\n[2603.00001]\n[2603.00003]\n" + RANKED
    )
    assert await room.told("trending day") == (
        f"Trending papers announced last:\n[2603.00002: 2 saves]\n[2603.00003]\n{RANKED}"
    )
    assert (await room.told("trending MONTH")).splitlines()[1] == "[2602.00090]"
    reply = await room.say("trending")
    assert [entry.signal.upvotes for entry in reply.papers if entry.signal] == [25, 40, 30]
    assert not reply.public


async def test_a_query_narrows_it(room: Room) -> None:
    assert await room.told("trending month moss") == (
        f"Trending papers about `moss` announced in the last 30 days:\n[2602.00090]\n{RANKED}"
    )
    (entry,) = (await room.say("trending month moss")).papers
    assert entry.words == ("Moss",)
    assert await room.told("trending moss") == (
        "No paper about `moss` announced in the last 7 days has upvotes or saves so far."
    )
    assert (await room.say('trending "open')).error


async def test_it_has_pages(room: Room) -> None:
    await room.announce(numbered(12, first=11))
    signals = [make_signal(f"2603.{number:05}", 100 + number) for number in range(11, 23)]
    await room.store.put_signals(signals, room.clock.now())
    first = await room.say("trending week study")
    assert len(first.papers) == 10
    assert first.text == "Trending papers about `study` announced in the last 7 days, page 1:"
    assert first.more == "trending page:2 week study"
    second = await room.say(first.more)
    assert [entry.paper.id for entry in second.papers][:2] == ["2603.00012", "2603.00011"]
    assert (second.back, second.more) == ("trending page:1 week study", "")
    assert await room.told("trending page:9 week study") == (
        "There are no more papers about `study` announced in the last 7 days with upvotes or saves."
    )


async def test_an_empty_archive(tmp_path: Path, clock: FakeClock) -> None:
    async with open_room(tmp_path, clock) as room:
        assert await room.told("trending day") == "No paper announced last has upvotes or saves so far."


async def test_switched_off_it_says_so(room: Room) -> None:
    off = Room(room.store, room.clock, signals=False)
    said = "Upvotes on Hugging Face are not read here (PAPERROUTE_SIGNALS=off)."
    assert await off.told("trending") == f"{said} `/papers top` lists what the team saved."
    assert await off.told("watch min:20 letters") == f"{said} Without them: `/papers watch letters`."
    assert await off.told("preview letters min:20") == f"{said} Without them: `/papers preview letters`."
    assert await off.told("sort hot") == said
    assert (await off.say("import min:20 letters\nmoss")).error
    assert (await off.say("sort new")).public
    assert await off.store.watches(CHANNEL) == []


async def test_the_order_is_set_and_shown(room: Room) -> None:
    assert await room.told("sort") == (
        "The order is `new`: papers that more watches want come first, then the newest.\n"
        "`/papers sort new`: papers that more watches want come first, then the newest.\n"
        "`/papers sort hot`: papers with more upvotes on Hugging Face come first."
    )
    reply = await room.say("sort HOT")
    assert (reply.text, reply.public) == (
        "In a post, papers with more upvotes on Hugging Face come first (`hot`).",
        True,
    )
    channel = await room.store.channel(CHANNEL)
    assert channel is not None
    assert channel.sort is Sort.HOT
    assert ", layout thread, most upvotes first." in await room.told("status")
    assert await room.told("sort warm") == ("`warm` is no order. Type `/papers sort new` or `/papers sort hot`.")


async def test_a_hot_channel_posts_the_most_upvotes_first(room: Room) -> None:
    await room.say("watch letters")
    await room.say("sort hot")
    await room.post()
    entries = await room.store.latest_entries(CHANNEL)
    assert [entry.paper.id for entry in entries] == ["2603.00003", "2603.00002", "2603.00004"]
    assert [entry.signal.upvotes for entry in entries if entry.signal] == [30, 25]


async def test_a_paper_is_shown_with_what_the_community_makes_of_it(room: Room) -> None:
    signal = make_signal(
        "2603.00001", comments=2, repository="https://github.com/lab/letters", summary="In `short`.", keywords=("a",)
    )
    await room.store.put_signals([signal], room.clock.now())
    shown = await room.say("show 2603.00001")
    assert shown.footer.splitlines()[2:] == [
        "▲ 87 on Hugging Face · code · 2 comments (read on Wednesday 4 March 2026)",
        "AI summary, by Hugging Face and not by the authors: In 'short'.",
        "AI keywords: a",
        "Code: https://github.com/lab/letters",
        "Hugging Face: https://huggingface.co/papers/2603.00001",
    ]
    pressed = await room.inbox.button(Button(ButtonKind.ABSTRACT, "2603.00001", CHANNEL, ANN))
    assert pressed == shown
    assert shown.papers[0].signal == signal
    await room.say("save 2603.00001")
    for command in ("search part", "top", "saved"):
        papers = (await room.say(command)).papers
        assert any(entry.signal == signal for entry in papers if entry.paper.id == "2603.00001"), command
