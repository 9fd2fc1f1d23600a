"""What one member may cost: commands a minute, costly answers at a time; and what that costs others: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands.router import is_costly
from bot.conversation import Button, ButtonKind, Reaction, Reply
from bot.errors import CommandError
from bot.member_limits import MOST_COMMANDS, MOST_IN_LINE, MemberLimits
from bot.models import ChannelRef, MemberRef, Paper
from tests.commands_kit import FakeSource, Room, numbered
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.standins.clock import FakeClock
from tests.store_kit import open_store

LIMITED = "You have typed 20 commands in a minute; go on in"


@asynccontextmanager
async def limited_room(folder: Path) -> AsyncIterator[Room]:
    async with open_store(folder) as store:
        yield Room(store, FakeClock(), limited=True)


class GatedSource(FakeSource):
    """arXiv that has every paper and gives none before ``gate`` is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self._heard = asyncio.Condition()

    async def paper(self, paper_id: str) -> Paper | None:
        self.asked.append(paper_id)
        async with self._heard:
            self._heard.notify_all()
        await self.gate.wait()
        return make_paper(paper_id)

    async def until_asked(self, times: int) -> None:
        """Wait until it was asked so often."""
        async with asyncio.timeout(10), self._heard:
            await self._heard.wait_for(lambda: len(self.asked) >= times)


async def test_the_twenty_first_command_of_a_minute_is_refused_and_says_when_to_go_on(tmp_path: Path) -> None:
    async with limited_room(tmp_path) as room:
        for second in range(MOST_COMMANDS):
            assert not (await room.say("list")).error, second
            room.clock.set(room.clock.now() + timedelta(seconds=1))
        refused = await room.say("watch RLHF")
        assert refused == Reply(f"{LIMITED} 40 s.", error=True)
        assert await room.store.channel(CHANNEL) is None
        room.clock.set(room.clock.now() + timedelta(seconds=39))
        assert (await room.say("list")).text == f"{LIMITED} 1 s."
        room.clock.set(room.clock.now() + timedelta(seconds=1))
        assert not (await room.say("list")).error
        # The next of the twenty is over a second later, whatever was refused meanwhile.
        assert (await room.say("list")).text == f"{LIMITED} 1 s."


async def test_each_member_of_each_workspace_counts_alone(tmp_path: Path) -> None:
    async with limited_room(tmp_path) as room:
        for _ in range(MOST_COMMANDS + 1):
            await room.say("list")
        assert (await room.say("list")).error
        assert not (await room.say("list", by=BOB)).error
        elsewhere = ChannelRef("console", "another", "terminal")
        assert not (await room.say("list", by=MemberRef("console", "another", "ann"), channel=elsewhere)).error


async def test_buttons_count_and_saving_is_always_possible(tmp_path: Path) -> None:
    async with limited_room(tmp_path) as room:
        await room.say("watch letters")
        papers = numbered(25)
        await room.announce(papers)
        digest, *_ = await room.post()
        for paper in papers[: MOST_COMMANDS - 1]:
            assert not (await room.inbox.button(Button(ButtonKind.DISMISS, paper.id, CHANNEL, ANN))).error
        for kind in (ButtonKind.ABSTRACT, ButtonKind.DISMISS):
            assert LIMITED in (await room.inbox.button(Button(kind, papers[-1].id, CHANNEL, ANN))).text
        saves = [Button(ButtonKind.SAVE, paper.id, CHANNEL, ANN) for paper in papers[:24]]
        replies = await asyncio.gather(*(room.inbox.button(save) for save in saves))
        assert not any(reply.error for reply in replies)
        assert await room.inbox.reaction(Reaction(digest, ANN, added=True, name="keycap_ten")) is None
        assert len(await room.store.saved_by(ANN, limit=30)) == 24
        assert (await room.say("saved")).error


async def test_a_flood_of_one_member_costs_another_one_turn_at_most(tmp_path: Path) -> None:
    async with limited_room(tmp_path) as room:
        await room.announce(numbered(30))
        answered: list[str] = []

        async def asks(who: MemberRef, text: str) -> Reply:
            reply = await room.say(text, by=who)
            answered.append(f"{who.member}{' refused' if reply.error else ''}")
            return reply

        flood = [asyncio.ensure_future(asks(ANN, f"preview letters -number{each}")) for each in range(200)]
        # Everything of the flood has been taken up before the other member types.
        await asyncio.sleep(0)
        other = asyncio.ensure_future(asks(BOB, "preview letters"))
        replies = await asyncio.gather(*flood, other)
        assert not replies[-1].error
        assert sum(LIMITED in reply.text for reply in replies[:-1]) == 200 - MOST_COMMANDS
        assert sum(not reply.error for reply in replies[:-1]) == MOST_IN_LINE
        before = answered[: answered.index("bob")]
        assert before.count("ann") <= 1
        # What was refused was refused at once, not after the work of others.
        assert [each for each in answered if each.endswith("refused")] == answered[: 200 - MOST_IN_LINE]


async def test_arxiv_is_asked_for_one_paper_of_a_member_at_a_time(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        source = GatedSource()
        room = Room(store, FakeClock(), source, limited=True)
        shown = [asyncio.ensure_future(room.say(f"show 2401.0000{number}")) for number in range(1, 4)]
        pressed = Button(ButtonKind.ABSTRACT, "2401.00004", CHANNEL, ANN)
        shown.append(asyncio.ensure_future(room.inbox.button(pressed)))
        other = asyncio.ensure_future(room.say("show 2402.00001", by=BOB))
        await source.until_asked(2)
        # What is answered from the store alone does not wait behind what is not.
        assert not (await room.say("list")).error
        assert source.asked == ["2401.00001", "2402.00001"]
        source.gate.set()
        assert [len(reply.papers) for reply in await asyncio.gather(*shown, other)] == [1] * 5
        assert source.asked[2:] == ["2401.00002", "2401.00003", "2401.00004"]


async def test_answers_of_one_member_come_one_at_a_time_in_their_order_and_the_sixth_is_told() -> None:
    limits = MemberLimits(FakeClock())
    gates = [asyncio.Event() for _ in range(MOST_IN_LINE)]
    begun: list[int] = []

    async def work(number: int) -> None:
        async with limits.turn(ANN):
            begun.append(number)
            await gates[number].wait()

    tasks = [asyncio.ensure_future(work(number)) for number in range(MOST_IN_LINE)]
    await _settle()
    assert begun == [0]
    with pytest.raises(CommandError, match="5 commands of yours are still being answered"):
        async with limits.turn(ANN):
            raise AssertionError("it is nobody's turn")
    async with limits.turn(BOB):
        begun.append(-1)
    # One that is given up lets the next one go first.
    tasks[1].cancel()
    gates[0].set()
    await _settle()
    assert begun == [0, -1, 2]
    for gate in gates:
        gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert begun == [0, -1, 2, 3, 4]
    assert limits.known == 0


@pytest.mark.parametrize(
    "typed", ["watch RLHF", "  /papers  SUBSCRIBE RLHF", "+2", "search: x", " " * 5_000 + "preview x", "show 2401.1"]
)
def test_what_is_costly_is_known_however_it_is_typed(typed: str) -> None:
    assert is_costly(typed)


@pytest.mark.parametrize("typed", ["", "list", "/papers", "nonsense RLHF", "pause for watch"])
def test_what_is_cheap_is_known(typed: str) -> None:
    assert not is_costly(typed)


def test_members_are_forgotten_after_their_minute() -> None:
    clock = FakeClock()
    limits = MemberLimits(clock)
    for number in range(1_000):
        limits.admit(MemberRef("slack", "T1", f"U{number}"))
        clock.set(clock.now() + timedelta(seconds=1))
    assert limits.known <= 61


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    clock = FakeClock()
    limits = MemberLimits(clock)
    for _ in range(MOST_COMMANDS):
        limits.admit(ANN)
    clock.set(clock.now() - timedelta(hours=5))
    limits.admit(ANN)


async def test_whoever_runs_it_at_the_console_pipes_as_much_as_they_like(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        room = Room(store, FakeClock())
        for number in range(100):
            assert not (await room.say(f"watch letters{number}")).error
        assert len(await store.watches(CHANNEL)) == 100


async def _settle(rounds: int = 10) -> None:
    for _ in range(rounds):
        await asyncio.sleep(0)
