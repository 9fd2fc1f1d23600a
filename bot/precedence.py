"""What cannot wait goes before what can: requests are acknowledged before those that came earlier are worked on.

Hundreds of members may type at the same moment. Were each one's command begun as soon as it is acknowledged, the last
acknowledgement would wait for most of the work.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LONGEST = 0.25
"""Seconds for which something urgent is waited for; it may hang on a network."""


class Precedence:
    """In one event loop.

    Work waits for what had come before it and for nothing that comes later, and begins in the order in which it came.
    Of either kind one begins in a round of the loop: hundreds at once would hold it.
    """

    def __init__(self) -> None:
        self._came = 0
        self._urgent: dict[int, float] = {}
        self._behind: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._one_urgent, self._one_behind = asyncio.Lock(), asyncio.Lock()

    @asynccontextmanager
    async def first(self) -> AsyncIterator[None]:
        """Around what is urgent."""
        self._came += 1
        mine = self._came
        self._urgent[mine] = asyncio.get_running_loop().time()
        try:
            await next_round(self._one_urgent)
            yield
        finally:
            del self._urgent[mine]
            self._release()

    async def behind(self) -> None:
        """Return when whatever urgent has come so far is done, or has had ``LONGEST``, and one's turn has come."""
        loop = asyncio.get_running_loop()
        until = next(reversed(self._urgent.values()), 0.0) + LONGEST
        free: asyncio.Future[None] | None = None
        if self._urgent and until > loop.time():
            free = loop.create_future()
            self._behind.append((self._came, free))
        # Who came earlier has the lock first, whatever it waits for.
        async with self._one_behind:
            if free is not None and not free.done():
                await asyncio.wait([free], timeout=max(0.0, until - loop.time()))
            await asyncio.sleep(0)

    def _release(self) -> None:
        # Numbers stand in the order in which they came.
        oldest = next(iter(self._urgent), self._came + 1)
        while self._behind and self._behind[0][0] < oldest:
            self._behind.popleft()[1].set_result(None)


async def next_round(turn: asyncio.Lock) -> None:
    """Return in a round of the event loop in which nobody else does who waits for the same lock."""
    async with turn:
        await asyncio.sleep(0)
