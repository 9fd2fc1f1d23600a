"""What goes wrong while the program lives, besides its own end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from random import Random

from benchmarks.chaos.lives import Life
from benchmarks.chaos.town import Town
from tests.standins import arxiv, slack_faults, smtp
from tests.standins.arxiv_atom import Asked

_SLACK_METHODS = ("chat.postMessage", "chat.postMessage", "conversations.history", "conversations.replies", "")
_DISCORD_ROUTES = ("POST /channels", "POST /channels", "GET /channels", "/messages", "POST /interactions")
_ARXIV_SHARE = 0.35
_BALLAST = "ballast"


class Weather:
    """Makes a life's weather, and fine weather again."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._makers: dict[str, Callable[[Random], None]] = {
            "slack": self._slack,
            "discord": self._discord,
            "email": self._email,
            "arxiv": self._arxiv,
            "arxiv down": self._arxiv_down,
            "refusal": self._refusal,
            "slack in a hurry": lambda random: self._certainly(random, slack_faults.Kind.RATELIMITED),
            "slack forgets": lambda random: self._certainly(random, slack_faults.Kind.RESET_AFTER),
        }
        self._happenings: dict[str, Callable[[Random], Awaitable[None]]] = {
            "sockets": self._sockets,
            "gateway": self._gateway,
            "full disk": self._full_disk,
            "locked": self._locked,
        }

    def begin(self, life: Life) -> None:
        """Before the program starts."""
        for name in life.weather:
            if make := self._makers.get(name):
                make(life.random)

    async def go_on(self, life: Life) -> None:
        """While it lives: to be cancelled at its end."""
        happenings = [self._happenings[name] for name in life.weather if name in self._happenings]
        for happen in happenings:
            await asyncio.sleep(life.random.uniform(0.0, life.seconds / 2))
            await happen(life.random)

    def calm(self) -> None:
        """Fine weather."""
        town = self._town
        town.slack.faults.clear()
        town.discord.faults.clear()
        town.mail.faults.clear()
        town.mail.refusals.clear()
        town.arxiv.fault_of = None
        town.slack.sockets.refusing = town.slack.sockets.frozen = False
        town.discord.gateway.refusing = 0
        town.slack.team.channels["C0READING"].refuses = ""
        town.database.with_name(_BALLAST).unlink(missing_ok=True)

    def _slack(self, random: Random) -> None:
        kinds = [kind for kind in slack_faults.Kind if kind is not slack_faults.Kind.REFUSAL]
        for _ in range(random.randint(1, 5)):
            self._town.slack.fail(random.choice(kinds), random.choice(_SLACK_METHODS), seconds=random.randint(1, 40))

    def _certainly(self, random: Random, kind: slack_faults.Kind) -> None:
        self._town.slack.fail(kind, "chat.postMessage", times=2, seconds=random.randint(1, 10))

    def _discord(self, random: Random) -> None:
        for _ in range(random.randint(1, 4)):
            status = random.choice((500, 502, 503, 429, 0, -1, -2))
            stored = status != 429 and random.random() < 0.5
            self._town.discord.fail(random.choice(_DISCORD_ROUTES), status, stored=stored, retry_after=0.3)

    def _email(self, random: Random) -> None:
        if random.random() < 0.3:
            self._town.mail.refusals[random.choice(("MAIL", "RCPT", "DATA"))] = "451 4.3.0 later, please"
        self._town.mail.faults.extend(random.choice((*smtp.Fault, None)) for _ in range(3))

    def _arxiv(self, random: Random) -> None:
        kinds = list(arxiv.Kind)

        def fault_of(_: Asked) -> arxiv.Fault | None:
            if random.random() > _ARXIV_SHARE:
                return None
            kind = random.choice(kinds)
            return arxiv.Fault(kind, random.choice((429, 500, 503, 403)), random.choice(("", "3")))

        self._town.arxiv.fault_of = fault_of

    def _arxiv_down(self, _: Random) -> None:
        self._town.arxiv.fault_of = lambda _: arxiv.Fault(arxiv.Kind.RESET_BEFORE)

    def _refusal(self, _: Random) -> None:
        """The channel may not be posted to: it is paused, and members resume it later."""
        self._town.slack.team.channels["C0READING"].refuses = "restricted_action"

    async def _sockets(self, random: Random) -> None:
        sockets = self._town.slack.sockets
        match random.choice(("drop", "disconnect", "refusing", "frozen")):
            case "drop":
                await sockets.drop()
            case "disconnect":
                await sockets.say_disconnect(random.choice(("warning", "refresh_requested")))
            case "refusing":
                sockets.refusing = True
                await sockets.drop()
                await asyncio.sleep(0.3)
                sockets.refusing = False
            case _:
                sockets.frozen = True
                await asyncio.sleep(0.5)
                sockets.frozen = False

    async def _gateway(self, random: Random) -> None:
        gateway = self._town.discord.gateway
        match random.choice(("drop", "forget", "close", "reconnect")):
            case "drop":
                gateway.refusing = random.randint(0, 2)
                await gateway.drop()
            case "forget":
                gateway.forget()
                await gateway.drop()
            case "close":
                await gateway.drop(random.choice((4000, 4009)))
            case _:
                await gateway.ask_to_reconnect()

    async def _full_disk(self, random: Random) -> None:
        """On a disk of its own, the rest of it is filled; elsewhere the program's files may grow no more."""
        seconds = random.uniform(0.2, 1.0)
        if os.path.ismount(self._town.database.parent):  # noqa: ASYNC240  asked once, of memory
            ballast = self._town.database.with_name(_BALLAST)
            try:
                _fill(ballast)
                await asyncio.sleep(seconds)
            finally:
                ballast.unlink(missing_ok=True)
        elif self._town.process:
            size = max(self._town.database.stat().st_size, 1)
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self._town.process, resource.RLIMIT_FSIZE, (size // 2, resource.RLIM_INFINITY))
                await asyncio.sleep(seconds)
                resource.prlimit(
                    self._town.process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                )

    async def _locked(self, random: Random) -> None:
        """Another program has the database for longer than ours waits for it."""

        def hold(connection: sqlite3.Connection) -> None:
            with contextlib.suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")

        connection = sqlite3.connect(self._town.database, isolation_level=None, check_same_thread=False, timeout=0.5)
        try:
            await asyncio.to_thread(hold, connection)
            await asyncio.sleep(random.uniform(0.2, 1.2))
        finally:
            connection.close()


def _fill(ballast: os.PathLike[str]) -> None:
    """Write until nothing more fits."""
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        size = 1 << 20
        while size:
            try:
                os.write(descriptor, b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2
    finally:
        os.close(descriptor)
