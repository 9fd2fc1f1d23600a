"""A process that dies at any instant loses nothing and doubles nothing.

A fuse counts every instant at which something crosses the process's boundary: before and after each call of the store,
before and after a message is stored on the platform, before and after a look-up. The same delivery is then run once for
each of these instants, dies there, and is taken up by a new process.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot.errors import DeliveryError
from bot.models import Layout, PostKind, PostLimits
from tests.delivery_kit import Crash, DrivenClock, Fuse, announce, at_boundary, make_dispatcher, shown, watch
from tests.factories import CHANNEL
from tests.standins.chat import MemoryChat, Trouble
from tests.store_kit import open_store


@pytest.fixture
async def prepared(tmp_path: Path) -> Path:
    """A database with a channel that is owed one paper, as a digest with a card in its thread."""
    clock = DrivenClock()
    async with open_store(tmp_path) as store:
        await watch(store, clock, layout=Layout.THREAD)
        await announce(store, clock, 2)
    return tmp_path / "paperroute.db"


def plain(_: MemoryChat) -> None:
    """The platform is well."""


def losing(chat: MemoryChat) -> None:
    chat.send_faults.extend([Trouble.LOST_ANSWER, DeliveryError("Reset.", ambiguous=True)])


def refusing(chat: MemoryChat) -> None:
    chat.send_faults.append(DeliveryError("Too long.", permanent=True))


async def deliver(prepared: Path, trouble: Callable[[MemoryChat], None], last: int) -> bool:
    """Deliver in a process that dies at the ``last`` instant, then in one that lives; whether the first one died."""
    clock, fuse = DrivenClock(), Fuse(last)
    chat = MemoryChat(limits=PostLimits(papers=1, characters=4_000, interval=1.0))
    trouble(chat)
    shutil.copy(prepared, prepared.with_name(f"{last}.db"))
    async with open_store(prepared.parent, f"{last}.db") as store:
        mortal = at_boundary(store, fuse.burn, fuse.burn)
        chat.wire = lambda doing, _: fuse.burn(doing)
        with suppress(Crash):
            await clock.drive(make_dispatcher(mortal, clock, chat).drain())
        chat.wire = lambda *_: None
    # At its start the new process does not see a message that the platform took a moment ago.
    chat.hidden = 1
    async with open_store(prepared.parent, f"{last}.db") as store:
        await clock.advance(1)
        await clock.drive(make_dispatcher(store, clock, chat, seed=2).drain())
        if trouble is refusing:
            await store.set_paused(CHANNEL, "", None, clock.now())
            await clock.drive(make_dispatcher(store, clock, chat, seed=3).drain())
        status = await store.channel_status(CHANNEL)
        assert (status.waiting, status.uncertain, status.posted) == (0, 0, 1)
    assert chat.papers(CHANNEL) == Counter({"2603.00002": 1})
    assert Counter(post.key for post in shown(chat)).most_common(1)[0][1] == 1
    assert Counter(post.kind for post in shown(chat) if post.entries) == Counter([PostKind.DIGEST, PostKind.CARD])
    return fuse.instants >= last


@pytest.mark.parametrize("trouble", [plain, losing, refusing])
async def test_killed_at_any_instant(prepared: Path, trouble: Callable[[MemoryChat], None]) -> None:
    last = 1
    while await deliver(prepared, trouble, last):
        last += 1
    assert last > 20
