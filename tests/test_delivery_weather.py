"""Whatever a platform does to its posts, in whatever order: once each, in order, and in the end all of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from bot.errors import DeliveryError, UnreadableError
from bot.models import Layout, PostLimits
from tests.delivery_kit import AWAY, OTHER, DrivenClock, announce, make_dispatcher, shown, watch
from tests.factories import CHANNEL
from tests.standins.chat import Fault, MemoryChat, Trouble
from tests.store_kit import open_store

DAY = 86_400.0


def sending_faults(random: Random) -> list[Fault]:
    kinds: list[Fault] = [
        None,
        Trouble.LOST_ANSWER,
        DeliveryError("Reset.", ambiguous=True),
        DeliveryError("Server error."),
        DeliveryError("Too many.", retry_after=7.5),
        DeliveryError("Too many.", retry_after=20, workspace_wide=True),
        DeliveryError("Timeout.", ambiguous=True, retry_after=50, workspace_wide=True),
        ValueError("not understood"),
    ]
    return [random.choice(kinds) for _ in range(40)]


def looking_up_faults(random: Random) -> list[Fault]:
    kinds: list[Fault] = [
        None,
        UnreadableError("No history."),
        DeliveryError("Server error."),
        DeliveryError("Too many.", retry_after=11, workspace_wide=True),
        KeyError("not understood"),
    ]
    return [random.choice(kinds) for _ in range(30)]


@pytest.mark.parametrize("seed", range(8))
async def test_each_paper_once_and_in_order(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    clock = DrivenClock()
    chat = MemoryChat(limits=PostLimits(papers=2, characters=4_000, interval=random.choice([0.0, 1.0])))
    chat.send_faults.extend(sending_faults(random))
    chat.find_faults.extend(looking_up_faults(random))
    layouts = {CHANNEL: Layout.THREAD, OTHER: Layout.CARDS, AWAY: Layout.DIGEST}
    async with open_store(tmp_path) as store:
        for ref, layout in layouts.items():
            await watch(store, clock, ref, layout=layout)
        for papers in ((2, 3, 4), (5,)):
            await announce(store, clock, *papers)
            result = await clock.drive(make_dispatcher(store, clock, chat, seed=seed).drain(patience=5 * DAY))
            assert (result.dead, result.next_attempt) == (0, None)
    for ref in layouts:
        assert chat.papers(ref) == Counter(f"2603.{number:05}" for number in (2, 3, 4, 5))
        posts = shown(chat, ref)
        assert len({post.key for post in posts}) == len(posts)
        numbers = [(post.kind, entry.number) for post in posts for entry in post.entries]
        first = len(numbers) - len([post for post in posts if post.entries[0].paper.id == "2603.00005"])
        for kind in {kind for kind, _ in numbers}:
            assert [number for other, number in numbers[:first] if other is kind] == [1, 2, 3]
