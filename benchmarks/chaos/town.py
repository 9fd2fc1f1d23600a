"""A town: the stand-ins on loopback, and the program as a process among them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from benchmarks.chaos.hours import Hours
from benchmarks.chaos.lives import Life
from benchmarks.chaos.orders import Order
from benchmarks.chaos.papers import Press
from benchmarks.chaos.places import FORUM_CHANNEL, MUTE_DISCORD, MUTE_SLACK, PLACES, Readers
from bot.models import Paper
from tests.standins.arxiv import ArxivStandIn
from tests.standins.discord import TOKEN, DiscordStandIn
from tests.standins.discord_limits import Limits as DiscordLimits
from tests.standins.discord_state import FORUM, READ_HISTORY
from tests.standins.huggingface import HuggingFaceStandIn, element
from tests.standins.slack import APP_TOKEN, BOT_TOKEN, SlackStandIn
from tests.standins.slack_limits import Limits as SlackLimits
from tests.standins.smtp import MailServer, mail_server

ROOT = Path(__file__).parents[2]
_OLD = 200
_UPVOTES = 10
_POST = "chat.postMessage"
# A message that is on its way when its sender is killed is stored within these seconds of the platform, which are less
# than what the program allows for.
_LATE = {"slack": 15.0, "discord": 3.0, "email": 0.5}


class Launcher:
    """Starts lives, one after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def started(cls) -> Launcher:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "benchmarks.chaos.launcher",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env=environment,
            )
        )

    async def start(self, order: Order) -> int:
        """Returns the process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(order.line().encode())
        return await self._number()

    async def ended(self) -> int:
        """The exit status."""
        return await self._number()

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _number(self) -> int:
        assert self._process.stdout is not None
        return int(await self._process.stdout.readline())


_ON_ITS_WAY = 0.05
"""Seconds of the machine's time after an answer was written, in which the program may not have read it yet: its loop is
held no longer than that."""


class Told(SlackLimits):
    """Slack's limits, which know in which life of the program it was told to wait.

    ``early``: requests of a process that had been told; ``crossed``: of one that was being told, so that they may have
    been on their way; ``forgotten``: of one that followed it; ``above``: posts above the rate.
    """

    def __init__(self, hours: Hours) -> None:
        super().__init__(hours.seconds)
        self.life = 0
        self.early: list[str] = []
        self.crossed: list[str] = []
        self.forgotten: list[str] = []
        self.above: list[str] = []
        self._told: dict[tuple[str, str], tuple[int, float]] = {}

    def refuse(self, team: str, method: str, retry_after: float) -> int:
        self._told[team, method] = self.life, time.monotonic()
        return super().refuse(team, method, retry_after)

    def retry_after(self, team: str, method: str, channel: str = "") -> int | None:
        before = len(self.too_early)
        wait = super().retry_after(team, method, channel)
        if len(self.too_early) > before:
            life, at = self._told.get((team, method), (0, 0.0))
            crossed = self.crossed if time.monotonic() - at < _ON_ITS_WAY else self.early
            (crossed if life == self.life else self.forgotten).append(
                f"life {self.life} {method} {self.too_early[-1].seconds:.2f}"
            )
        elif wait is not None and method == _POST:
            self.above.append(f"life {self.life} {channel}")
        return wait


class TwoClocks(DiscordLimits):
    """Discord's limits: of a channel by the machine's clock, by which discord.py waits; over all by fast time, by which
    the program keeps its pace."""

    def __init__(self, hours: Hours) -> None:
        super().__init__(time.monotonic)
        self.messages_seconds = 0.5
        self._all_of_them = DiscordLimits(hours.seconds)

    def overall(self, route: str) -> float | None:
        return self._all_of_them.overall(route)


@dataclass
class Town:
    """``announced``: the papers since the quiet beginning; ``killed``: kills by kind; ``struck``: named points."""

    folder: Path
    hours: Hours
    slack: SlackStandIn
    discord: DiscordStandIn
    mail: MailServer
    arxiv: ArxivStandIn
    community: HuggingFaceStandIn
    launcher: Launcher
    press: Press
    told: Told
    process: int = 0
    life: Life | None = None

    def __post_init__(self) -> None:
        self.announced: dict[str, Paper] = {}
        old = self.press.old(_OLD, self.hours.now())
        self.arxiv.announce(old)
        self.old = [paper.id for paper in old]
        self.killed: Counter[str] = Counter()
        self.stored: Counter[str] = Counter()
        self.readers = Readers(self.slack, self.discord, self.mail)
        self.slack.meanwhile = self._on_slack
        self.discord.meanwhile = self._on_discord
        self.mail.meanwhile = self._on_mail

    @property
    def database(self) -> Path:
        return self.folder / "disk" / "paperroute.db"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def notes(self) -> Path:
        return self.folder / "notes"

    def announce(self, papers: int, *, owed: bool = True) -> None:
        """Let papers appear; what was there before the watches is not counted as owed."""
        made = self.press.announcement(papers, self.hours.now())
        self.arxiv.announce(made)
        upvoted = self.community.days.setdefault(self.hours.now().date(), [])
        upvoted += [element(paper.id, number % _UPVOTES) for number, paper in enumerate(made) if number % 3 == 0]
        if owed:
            self.announced |= {paper.id: paper for paper in made}

    def order(self, life: Life | None) -> Order:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PAPERROUTE_DATABASE": str(self.database),
            "ARXIV_API_URL": self.arxiv.url,
            "PAPERROUTE_ARXIV_DELAY": "0",
            "PAPERROUTE_POLL_INTERVAL": "1s",
            "PAPERROUTE_BACKFILL": "1d",
            "HUGGINGFACE_API_URL": self.community.url,
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "DISCORD_API_URL": self.discord.url,
            "DISCORD_TOKEN": TOKEN,
            "SMTP_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "PAPERROUTE_EMAIL_FROM": "Papers <papers@lab.example>",
        }
        return Order(
            environment,
            self.hours,
            str(self.log),
            str(self.notes),
            strike=life.at if life else None,
            jumps=life.jumps if life else (),
            housekeeping=life.housekeeping if life else False,
        )

    def kill(self, how: str) -> bool:
        """Kill the program now; False when it is dead already."""
        if not self.process:
            return False
        try:
            os.kill(self.process, signal.SIGKILL)
        except ProcessLookupError:
            # It died a moment ago, and this process has not been told yet.
            return False
        self.process = 0
        self.killed[how] += 1
        return True

    async def _on_slack(self, method: str, done: bool) -> None:
        if method == _POST:
            await self._message("slack", done)

    async def _on_discord(self, asked: str, done: bool) -> None:
        if asked.startswith("POST /channels/") and asked.endswith(("/messages", "/threads")):
            await self._message("discord", done)

    async def _on_mail(self, _: str, done: bool) -> None:
        await self._message("email", done)

    async def _message(self, platform: str, done: bool) -> None:
        """A message comes in, or has been stored: perhaps the last thing its sender did."""
        life = self.life
        if life is None or life.platform != platform or life.end != ("stored" if done else "arriving"):
            return
        self.stored[platform] += 1
        if self.stored[platform] != life.nth:
            return
        how = "stored, not answered" if done else "on its way"
        if self.kill(f"{how}: {platform}") and not done:
            late = self.hours.seconds() + _LATE[platform]
            await asyncio.sleep(life.random.uniform(0.0, _LATE[platform]) / self.hours.times)
            if self.hours.seconds() > late:
                # This process was held up, and platforms do not store what came so long ago.
                raise ConnectionResetError


@asynccontextmanager
async def town(folder: Path, random: Random, times: float) -> AsyncIterator[Town]:
    """A town whose time passes ``times`` as fast; the folder ``disk`` in its folder must be there."""
    hours = Hours.from_now_on(times)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackStandIn(now=hours.seconds))
        slack.limits = told = Told(hours)
        slack.redeliver = (0.0, 0.3, 1.5)
        slack.team.scopes.discard("groups:history")
        discord = await stack.enter_async_context(DiscordStandIn(now=hours.seconds))
        discord.limits = TwoClocks(hours)
        for place in PLACES:
            if place.platform == "slack" and place.channel not in slack.team.channels:
                slack.add_channel(place.channel, place.channel[2:].lower(), private=place.channel == MUTE_SLACK)
            elif place.platform == "discord" and int(place.channel) not in discord.guild.channels:
                number = int(place.channel)
                made = discord.add_channel(number, f"papers-{number}")
                made.type = FORUM if number == FORUM_CHANNEL else made.type
                made.denied = READ_HISTORY if number == MUTE_DISCORD else 0
        mail = await stack.enter_async_context(mail_server())
        arxiv = stack.enter_context(ArxivStandIn())
        community = await stack.enter_async_context(HuggingFaceStandIn(date.max))
        launcher = await Launcher.started()
        stack.push_async_callback(launcher.close)
        made_town = Town(folder, hours, slack, discord, mail, arxiv, community, launcher, Press(random), told)
        try:
            yield made_town
        finally:
            made_town.kill("at the end")
