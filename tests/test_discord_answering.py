"""Answers on Discord: each stands there once, whatever becomes of the requests, and for whom it is meant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from adapters.discord import answering
from adapters.discord.answering import CROWD
from bot.conversation import ChannelChange, Command, Home, Reply
from bot.inbox import Inbox
from bot.models import ChannelRef, MemberRef
from tests.delivery_kit import until
from tests.discord_kit import CHANNEL, Bot, buttons, running, shown, stand_in
from tests.factories import make_paper
from tests.slack_kit import Gate
from tests.standins.discord import EPHEMERAL, Interaction

LONG = "\n".join(f"Line {number} of many." for number in range(200))
ORIGINAL = "@original"
SAID, THINKING = 4, 5
"""Kinds of a callback."""
SomeGate = TypeVar("SomeGate", bound=Gate)
Slow = Callable[..., AbstractAsyncContextManager[tuple[Bot, Gate]]]


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        yield bot


@asynccontextmanager
async def gated(folder: Path, make: Callable[[Inbox], SomeGate]) -> AsyncIterator[tuple[Bot, SomeGate]]:
    """A bot, and the gate that its commands wait for."""
    gates: list[SomeGate] = []

    def handler(inbox: Inbox) -> SomeGate:
        gates.append(make(inbox))
        return gates[-1]

    async with stand_in() as discord, running(discord, folder, handler=handler) as bot:
        yield bot, gates[0]


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    """A bot whose commands wait for a gate, and are answered with a certain reply, or the core's."""
    return lambda answer=None: gated(tmp_path, lambda inbox: Waiting(inbox, answer))


class Waiting(Gate):
    """A Gate that hears what Discord asks of channels where something was said."""

    async def channel_changed(self, change: ChannelChange) -> None:
        await self._inbox.channel_changed(change)


def standing(done: Interaction) -> list[str]:
    """What members read in the end, a text for each message."""
    return [shown(message) for message in done.messages.values()]


async def test_in_a_crowd_nobodys_acknowledgement_waits_for_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.precedence.LONGEST", 60.0)
    async with gated(tmp_path, Crowded) as (bot, gate):
        crowd = [await bot.discord.command("list") for _ in range(CROWD - 1)]
        assert (await bot.discord.command("help")).kind == SAID
        crowd.append(await bot.discord.command("list"))
        async with bot.chat._answering._precedence.first():
            quick = await bot.discord.command("help")
            assert quick.kind == THINKING
            # Somebody else's is carried out meanwhile; this one's turn comes behind what is urgent.
            assert (await bot.discord.complete("help", "topic", "que")) == ["query"]
            assert standing(quick) == [""]
        await bot.discord.until(lambda: standing(quick) != [""])
        assert [standing(done) for done in crowd] == [[""]] * CROWD
        gate.open.set()
        await bot.discord.until(lambda: all(standing(done) != [""] for done in crowd))
        # Discord knows of the last answer a moment before the bot has its word for it.
        kind = THINKING
        async with asyncio.timeout(30):
            while kind == THINKING:
                kind = (await bot.discord.command("help")).kind
        assert kind == SAID


async def test_an_interaction_is_urgent_until_it_is_acknowledged_and_work_waits_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.precedence.LONGEST", 60.0)
    urgent: list[int] = []

    class Noting(Waiting):
        async def command(self, command: Command) -> Reply:
            urgent.append(len(here.chat._answering._precedence._urgent))
            return await self._inbox.command(command)

        async def home(self, member: MemberRef, visible: Collection[ChannelRef]) -> Home:
            urgent.append(len(here.chat._answering._precedence._urgent))
            return await self._inbox.home(member, visible)

    async with stand_in() as discord, running(discord, tmp_path, handler=Noting) as here:
        began: list[str] = []

        async def begin() -> None:
            began.append("work")

        async with here.chat._answering._precedence.first():
            work = here.chat._work.start("A reaction", begin())
            assert (await here.discord.command("list")).kind == SAID
            await here.discord.complete("unwatch", "query", "")
            assert urgent == [2, 2]
            assert not began
        assert work is not None
        await work
        assert began


async def test_in_a_crowd_commands_are_carried_out_in_their_order_however_long_discord_takes_to_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.precedence.LONGEST", 0.05)
    monkeypatch.setattr("adapters.discord.chat.GRACE", 0.0)
    async with gated(tmp_path, Crowded) as (bot, gate):
        for _ in range(CROWD):
            await bot.discord.command("list")
        # The first acknowledgement is one, but its sender never hears of that.
        bot.discord.fail("/callback", -1, stored=True)
        await bot.discord.command("watch", query="RLHF")
        last = await bot.discord.command("unwatch", query="RLHF")
        await bot.discord.until(lambda: standing(last) != [""])
        assert gate.said[CROWD:] == ["watch RLHF", "unwatch RLHF"]
        gate.open.set()


async def test_what_is_said_at_once_is_paced_with_all_that_is_urgent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urgent: list[int] = []
    said = answering.say

    async def noting(*args: Any, **more: Any) -> None:
        urgent.append(len(here.chat._answering._precedence._urgent))
        await said(*args, **more)

    monkeypatch.setattr(answering, "say", noting)
    async with stand_in() as discord, running(discord, tmp_path) as here:
        assert (await here.discord.command("doctor")).kind == SAID
        assert (await here.discord.press("of:another:version")).kind == SAID
    assert urgent == [1, 1]


class Crowded(Waiting):
    """A Gate that lists wait for, and nothing else. ``said``: commands in the order in which they were begun."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(inbox)
        self.said: list[str] = []

    async def command(self, command: Command) -> Reply:
        self.said.append(command.text)
        return await super().command(command) if command.text == "list" else await self._inbox.command(command)


async def test_a_late_answer_whose_edit_was_stored_and_lost_stands_there_once(slow: Slow) -> None:
    async with slow(Reply("A list.")) as (bot, gate):
        bot.discord.fail("PATCH /webhooks/", 500, stored=True)
        done = await bot.discord.command("list")
        gate.open.set()
        await bot.discord.until(lambda: sum("PATCH /webhooks/" in each for each in bot.discord.requests) == 2)
        assert standing(done) == ["A list."]
        assert not [each for each in bot.discord.requests if each.startswith("POST /webhooks/")]


async def test_a_lost_acknowledgement_was_one_all_the_same(slow: Slow, caplog: pytest.LogCaptureFixture) -> None:
    async with slow(Reply("A list.")) as (bot, gate):
        bot.discord.fail("/callback", 500, stored=True)
        done = await bot.discord.command("list")
        await bot.discord.until(lambda: sum("/callback" in each for each in bot.discord.requests) == 2)
        gate.open.set()
        await bot.discord.until(lambda: standing(done) == ["A list."])
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_what_discord_did_not_let_be_acknowledged_is_done_and_not_answered(
    slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    async with slow() as (bot, gate):
        bot.discord.ack_seconds = 0.5
        bot.discord.fail("/callback", 403)
        gate.open.clear()
        done = await bot.discord.command("watch", query="RLHF")
        assert done.acknowledged is None
        gate.open.set()
        await bot.discord.until(lambda: "did not take an acknowledgement" in caplog.text)
        await until(lambda: _watched(bot))
    assert not [each for each in bot.discord.requests if "/webhooks/" in each]


async def _watched(bot: Bot) -> bool:
    return bool(await bot.store.watches(CHANNEL))


@pytest.mark.parametrize("lost", [False, True])
async def test_a_long_answer_goes_on_also_where_its_beginning_was_stored_and_lost(slow: Slow, lost: bool) -> None:
    async with slow(Reply(LONG)) as (bot, gate):
        gate.open.set()
        if lost:
            bot.discord.fail("/callback", 500, stored=True)
        done = await bot.discord.command("list")
        await bot.discord.until(lambda: "\n".join(standing(done)) == LONG)
        assert all(message["flags"] & EPHEMERAL for message in done.messages.values())


async def test_what_ends_for_the_caller_alone_is_not_left_for_everybody(slow: Slow) -> None:
    async with slow(Reply("No such thing.", error=True)) as (bot, gate):
        done = await bot.discord.command("watch", query="x")
        assert not done.ephemeral
        gate.open.set()
        await bot.discord.until(lambda: "No such thing." in standing(done))
        assert ORIGINAL not in done.messages
        assert [message["flags"] & EPHEMERAL for message in done.messages.values()] == [EPHEMERAL]


async def test_an_acknowledgement_that_comes_too_late_stops_no_work(
    slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    async with slow() as (bot, gate):
        bot.discord.ack_seconds = 0.05  # less than the bot waits for an answer
        done = await bot.discord.command("watch", query="RLHF")
        assert done.acknowledged is None
        await bot.discord.until(lambda: any("/callback" in each for each in bot.discord.requests))
        gate.open.set()
        await bot.chat.close()
        assert not done.replies
        assert len(await bot.store.watches(CHANNEL)) == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_an_answer_after_its_token_has_ended_is_no_defect(slow: Slow, caplog: pytest.LogCaptureFixture) -> None:
    async with slow() as (bot, gate):
        await bot.discord.command("watch", query="RLHF")
        bot.discord.token_seconds = 0
        gate.open.set()
        await bot.discord.until(lambda: any("/webhooks/" in each for each in bot.discord.requests))
        await bot.chat.close()
        assert len(await bot.store.watches(CHANNEL)) == 1
    assert "too late" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_an_answer_that_discord_does_not_like_is_said_plainly_once(bot: Bot) -> None:
    bot.discord.fail("/callback", 400, code=50035, message="Invalid Form Body")
    done = await bot.say("list")
    assert "Nothing is watched in this channel yet." in shown(done.reply)
    assert sum("/callback" in each for each in bot.discord.requests) == 2


async def test_no_answer_can_mention_anybody(bot: Bot) -> None:
    done = await bot.say("pause", reason="@everyone <@2002>")
    assert done.reply["allowed_mentions"] == {"parse": []}
    late = await bot.say("import", file=bot.discord.attach("x.txt", b"a" * 201_000))
    assert late.reply["allowed_mentions"] == {"parse": []}


class TestButtonsStayAlive:
    """discord.py forgets a class of buttons when a view of it times out, or is edited into one without it."""

    async def test_after_an_answer_was_edited_into_one_without_buttons(self, slow: Slow) -> None:
        papers = [make_paper(f"2603.{number:05}", title=f"Letters {number}") for number in range(1, 30)]
        async with slow() as (bot, gate):
            await bot.announce(papers)
            done = await bot.discord.command("search", query="letters")
            bot.discord.fail("PATCH /webhooks/", 400, code=50035)
            gate.open.set()
            await bot.discord.until(lambda: standing(done))
            listed = await bot.discord.command("search", query="letters")
            await bot.discord.until(lambda: buttons(listed.reply))
            for _ in range(2):
                message = bot.discord.store(bot.discord.channel(4_001), listed.reply)
                more = await bot.discord.press(buttons(listed.reply)["More ▶"], message)
                assert "Letters" in shown(more.reply)

    async def test_mixed_with_links_under_the_same_message(self, bot: Bot) -> None:
        await bot.say("watch", query="letters")
        await bot.announce([make_paper("2603.00001", title="On letters")])
        await bot.post()
        (card,) = [message for message in bot.messages() if "On letters" in shown(message.body)][:1]
        assert buttons(card.body)["PDF"].startswith("https://")
        for label in ("Abstract", "Abstract", "Save", "Abstract"):
            done = await bot.discord.press(buttons(card.body)[label], card)
            assert shown(done.reply), label
            under = bot.discord.store(bot.discord.channel(4_001), done.reply)
            if "Save" in buttons(done.reply):
                assert shown((await bot.discord.press(buttons(done.reply)["Save"], under)).reply)
