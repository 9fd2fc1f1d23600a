"""What one member may cost: twenty commands a minute, and one costly answer at a time.

A member is an account in a workspace; linked accounts count each for itself. Whatever a member begins counts as a
command: typed ones, buttons, forms that they open or send. Reactions and the button that saves do not count, so that no
save is ever lost. The 21st within 60 seconds is refused in a sentence that says when to go on; what is refused counts
for nothing, so that whoever goes on typing is served again as soon as the oldest of the twenty is a minute old.

Of costly answers (``bot.commands.router.is_costly``) a member has one at a time. A further one waits for its turn,
behind at most four others of that member: it was acknowledged before, so waiting is better than being sent away.
Members do not wait for each other's turns: one who floods is one among the others.

Nothing here outlives the minute or the work that it is about. All of it belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import CommandError
from bot.models import MemberRef
from bot.ports import Clock
from bot.wording import count

MOST_COMMANDS = 20
WITHIN = timedelta(minutes=1)
MOST_IN_LINE = 5
"""Costly answers of a member that are under way or wait for their turn."""


@dataclass(slots=True)
class _Line:
    """The costly answers of a member: one has ``turn``, ``length`` counts it and those that wait."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class MemberLimits:
    """Counts what members begin. Those of the platforms in ``exempt`` are limited in nothing: there, one's own machine
    is all that one can keep busy."""

    def __init__(self, clock: Clock, *, exempt: Collection[str] = ()) -> None:
        self._clock = clock
        self._exempt = frozenset(exempt)
        # Whoever typed last stands last, so that those of more than a minute ago are in front.
        self._typed: OrderedDict[MemberRef, deque[datetime]] = OrderedDict()
        self._lines: dict[MemberRef, _Line] = {}

    @property
    def known(self) -> int:
        """How many members are remembered."""
        return len(self._typed.keys() | self._lines.keys())

    def admit(self, member: MemberRef) -> None:
        """Count something that the member begins. Raises CommandError for what is too much; that is not counted."""
        if member.platform in self._exempt:
            return
        now = self._clock.now()
        self._forget(now)
        moments = self._typed.setdefault(member, deque(maxlen=MOST_COMMANDS))
        while moments and not _counts(moments[0], now):
            moments.popleft()
        if len(moments) == MOST_COMMANDS:
            seconds = math.ceil((moments[0] + WITHIN - now).total_seconds())
            raise CommandError(f"You have typed {MOST_COMMANDS} commands in a minute; go on in {max(1, seconds)} s.")
        moments.append(now)
        self._typed.move_to_end(member)

    @asynccontextmanager
    async def turn(self, member: MemberRef) -> AsyncIterator[None]:
        """The member's turn for a costly answer. Raises CommandError where too many wait for theirs already."""
        if member.platform in self._exempt:
            yield
            return
        line = self._lines.setdefault(member, _Line())
        if line.length >= MOST_IN_LINE:
            raise CommandError(
                f"{count(line.length, 'command')} of yours are still being answered; "
                "type this again when their answers are there."
            )
        line.length += 1
        try:
            async with line.turn:
                yield
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[member]

    def _forget(self, now: datetime) -> None:
        """Drop members whose minute is over."""
        while self._typed:
            member, moments = next(iter(self._typed.items()))
            if moments and _counts(moments[-1], now):
                return
            del self._typed[member]


def _counts(moment: datetime, now: datetime) -> bool:
    """Within the last minute; what lies ahead was written down by a clock that has been set back since."""
    return now - WITHIN < moment <= now
