"""One town's campaign: a quiet beginning, many lives, and an end in which everything is worked off."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks.chaos.account import Papers, Saves, count_papers, count_saves, hidden, outstanding
from benchmarks.chaos.lives import Life, Planner
from benchmarks.chaos.members import Members
from benchmarks.chaos.orders import AFTER, BEFORE
from benchmarks.chaos.places import MUTE_DISCORD, MUTE_SLACK, PLACES, Place
from benchmarks.chaos.town import Town, town
from benchmarks.chaos.weather import Weather
from tests.standins.discord import GUILD

_STEP = 0.05
_PATIENCE = 20.0
_STOPPED_WITHIN = 12.0
_HOURS = 7.0
_QUIET = 1.5
_ROUNDS = 12
MUTE = (f"slack {MUTE_SLACK}", f"discord {MUTE_DISCORD}")


@dataclass
class Outcome:
    """The figures of a campaign. ``faults``: what should not have happened, in words."""

    lives: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    points: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrote: set[str] = field(default_factory=set)
    weather: Counter[str] = field(default_factory=Counter)
    papers: dict[str, Papers] = field(default_factory=dict)
    in_the_dark: Papers = field(default_factory=Papers)
    saves: Saves = field(default_factory=Saves)
    early: list[str] = field(default_factory=list)
    crossed: int = 0
    forgotten: int = 0
    above: int = 0
    answered: int = 0
    faults: list[str] = field(default_factory=list)


class Campaign:
    """Lives in a town, one after the other."""

    def __init__(self, place: Town, seed: str, *, longest: float) -> None:
        self._town = place
        self._random = Random(f"{seed} members")
        self._members = Members(place, self._random)
        self._weather = Weather(place)
        self._planner = Planner(seed, longest=longest)
        self.outcome = Outcome()

    async def begin(self) -> None:
        """Without any fault: channels, watches, addresses."""
        self._town.announce(40, owed=False)
        for side in (BEFORE, AFTER):
            for nth in (1, 2):
                # An empty file, and a program that has to tell Discord of its commands.
                await self._live(Life(0, "point", 3.0, at=("put_note", side, nth)))
        await self._start(None)
        await self._until(lambda: bool(self._town.slack.sockets.open and self._town.discord.gateway.open))
        for place in PLACES:
            for text in (
                *(f"watch {query}" for query in place.queries),
                f"layout {place.layout}",
                f"schedule {place.schedule}",
                *([f"schedule top {place.top}"] if place.top else []),
            ):
                await self._insist(place, text)
            if place.address:
                await self._insist(place, f"email {place.address} daily 08:00 every day UTC")
                await self._insist(place, f"email {await self._code(place.address)}")
        await self._stop()

    async def _code(self, address: str) -> str:
        """The code that was mailed to an address."""
        mails = self._town.mail.mails
        await self._until(lambda: any(mail.recipient == address for mail in mails))
        body = next(mail.part("plain") for mail in mails if mail.recipient == address)
        return next(line.split()[-1] for line in body.splitlines() if "/papers email " in line)

    async def go_on(self, seconds: float) -> None:
        """Live and die for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await self._live(self._planner.next())

    async def end(self) -> None:
        """Fine weather: let everything be worked off, count, open what was closed, and count again."""
        self._town.life = None
        await self._work_off(closed=True)
        dark = count_papers(self._town, unreadable=MUTE)
        for place in MUTE:
            self.outcome.in_the_dark += dark[place]
        self.outcome.faults += await hidden(self._town, dark)
        self._town.slack.team.scopes.add("groups:history")
        self._town.discord.guilds[GUILD].channels[MUTE_DISCORD].denied = 0
        await self._work_off(closed=False)
        await self._read_back()
        self.outcome.papers = count_papers(self._town, unreadable=())
        self.outcome.saves = await count_saves(self._town, self._members)
        await self._members.close()
        told = self._town.told
        self.outcome.early, self.outcome.crossed, self.outcome.forgotten, self.outcome.above = (
            told.early,
            len(told.crossed),
            len(told.forgotten),
            len(told.above),
        )
        self.outcome.killed = self._town.killed
        self.outcome.answered = self._members.answered
        self._read_notes()
        self._read_log()

    async def _live(self, life: Life) -> None:
        place = self._town
        place.hours.skipped += place.hours.until(life.sleep_until) if life.sleep_until else life.skip * 3600
        place.life = life
        place.told.life = life.number
        place.stored.clear()
        place.discord.gateway.forget()
        self.outcome.lives += 1
        self.outcome.weather.update(life.weather)
        self._weather.begin(life)
        with place.log.open("a") as log:
            log.write(f"--- {place.hours.now():%m-%d %H:%M:%S} {life}\n")
        await self._start(life)
        beside = [
            *self._members.act(life),
            asyncio.create_task(self._weather.go_on(life)),
            asyncio.create_task(self._announce(life)),
        ]
        ended = asyncio.create_task(place.launcher.ended())
        await asyncio.wait({ended}, timeout=life.seconds)
        await self._finish(life, ended)
        await _end(beside)
        self._weather.calm()

    async def _finish(self, life: Life, ended: asyncio.Task[int]) -> None:
        """End a life that has not ended by itself, and look at its end."""
        place = self._town
        if not ended.done() and life.end == "stopped":
            with suppress(ProcessLookupError):
                os.kill(place.process, signal.SIGTERM)
            await asyncio.wait({ended}, timeout=_STOPPED_WITHIN)
            if not ended.done():
                self.outcome.faults.append(f"life {life.number}: SIGTERM did not end it")
        elif not ended.done():
            place.kill("at a random instant")
        if not ended.done():
            place.kill("that hung")
        status = await ended
        alive, place.process = place.process, 0
        if status == -signal.SIGKILL:
            if alive and life.end == "point":
                place.killed["at a named point"] += 1
                assert life.at is not None
                self._planner.hit[life.at[:2]] += 1
        elif status == 1 and "locked" in life.weather:
            # It found the database locked when it began, said so and ended, as it has to.
            self.outcome.weather["locked out"] += 1
        elif status == 1 and {"locked", "full disk"} & set(life.weather):
            # Without its database it does not start, says why in a sentence, and is started again.
            place.killed["by itself, since it could not open its database"] += 1
        elif status != 0 or life.end != "stopped":
            self.outcome.faults.append(
                f"life {life.number} ({life.end}, {life.weather}): it ended with status {status}"
            )

    async def _read_back(self) -> None:
        """A quiet life in which what was reacted to while nobody listened is read, a channel and thread at a time."""
        self._town.life = None
        self._town.discord.gateway.forget()
        await self._start(None)
        for _ in range(_ROUNDS):
            await asyncio.sleep(_QUIET)
            if not (await count_saves(self._town, self._members)).lost:
                break
        await self._stop()

    async def _announce(self, life: Life) -> None:
        for burst in life.bursts:
            await asyncio.sleep(life.random.uniform(0.0, life.seconds / 3))
            self._town.announce(burst)

    async def _start(self, life: Life | None) -> None:
        self._town.process = await self._town.launcher.start(self._town.order(life))

    async def _stop(self) -> None:
        os.kill(self._town.process, signal.SIGTERM)
        status = await self._town.launcher.ended()
        self._town.process = 0
        if status:
            self.outcome.faults.append(f"in fine weather it ended with status {status}")

    async def _work_off(self, *, closed: bool) -> None:
        """Quiet lives, with hours between them, until nothing more happens."""
        self._weather.calm()
        for _ in range(_ROUNDS):
            self._town.hours.skipped += _HOURS * 3600
            self._town.discord.gateway.forget()
            await self._start(None)
            await self._until(lambda: bool(self._town.slack.sockets.open and self._town.discord.gateway.open))
            for place in PLACES:
                await self._members.say(place, "resume")
            quiet, seen = time.monotonic(), (-1, -1)
            while time.monotonic() - quiet < _QUIET:
                await asyncio.sleep(_STEP)
                now = sum(len(papers) for papers in self._outstanding(closed=closed).values()), self._standing()
                if now != seen:
                    quiet, seen = time.monotonic(), now
            if not seen[0]:
                break
            self._town.kill("at a quiet instant")
            await self._town.launcher.ended()
        if self._town.process:
            await self._stop()

    def _standing(self) -> int:
        return len(self._town.readers.everywhere())

    def _outstanding(self, *, closed: bool) -> dict[str, set[str]]:
        return {place: papers for place, papers in outstanding(self._town).items() if not closed or place not in MUTE}

    async def _insist(self, place: Place, text: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not await self._members.say(place, text):
            if time.monotonic() > end:
                raise TimeoutError(f"{text} was not answered")

    async def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("the program did not get ready")
            await asyncio.sleep(_STEP)

    def _read_notes(self) -> None:
        for line in self._town.notes.read_text().splitlines():
            word, *rest = line.split()
            if word == "struck":
                self.outcome.points[rest[0], rest[1]] += 1
            else:
                self.outcome.wrote.add(rest[0] if rest else "")

    def _read_log(self) -> None:
        log = self._town.log.read_text(errors="replace")
        # slack_sdk writes tracebacks of its own; these are the program's words for what nobody has foreseen.
        if count := sum(log.count(said) for said in ("unexpectedly", "met a defect")):
            self.outcome.faults.append(f"{count} defects in {self._town.log}")


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel what is under way. Raises what it raised.

    Python 3.11's ``asyncio.wait_for`` forgets a cancellation that comes together with what it waits for
    (https://github.com/python/cpython/issues/86296), so some are cancelled twice.
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_STEP)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def run(folder: Path, seed: str, seconds: float, *, times: float, longest: float) -> Outcome:
    """A whole campaign in ``folder``."""
    (folder / "disk").mkdir(exist_ok=True)
    async with town(folder, Random(f"{seed} press"), times) as place:
        campaign = Campaign(place, seed, longest=longest)
        await campaign.begin()
        await campaign.go_on(seconds)
        await campaign.end()
        return campaign.outcome
