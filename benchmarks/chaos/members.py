"""Members at work: they watch, save, take back, press buttons, react; and remember what they were told.

On each platform ann saves by commands and buttons, and what she was told is what she may rely on. Bob saves by
reactions: what stands on the platform is what he may rely on. A paper is saved by bob in one place only, so that it is
plain which reaction counts.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from enum import Enum
from random import Random
from typing import Any

from adapters.discord.buttons import is_known
from adapters.slack.blocks import PAPER_ACTION
from benchmarks.chaos.lives import Life
from benchmarks.chaos.places import PLACES, Place, Standing
from benchmarks.chaos.town import Town
from bot.reactions import CHARACTERS, KEYCAPS
from bot.read_back import RECENT
from tests.standins import discord as discord_standin
from tests.standins.discord import GUILD
from tests.standins.discord_state import Message

PATIENCE = 1.5
_LATEST = 150
_PROMISED = RECENT.total_seconds()

CHATTER = (
    *["watch {animal}", "unwatch {animal}", "digest", "resume"] * 4,
    *["watch min:{number} kowari", "import {animal}", "sort hot", "sort new", "similar off", "schedule {schedule}"],
    *[
        "layout {layout}",
        "pause",
        "status",
        "list",
        "show {old}",
        "post {known}",
        "dismiss",
        "dismiss",
        "search wombat",
    ],
)
"""What members say; what is in braces is filled in."""

WISHES = {
    "add_link_code": ("link",),
    "add_mail_code": ("email carl{number}@lab.example daily 09:00",),
    "add_papers": ("show {old}", "post {old}"),
    "add_watch": ("watch {animal}", "unwatch {animal}"),
    "bring": ("post {known}", "post {old}"),
    "change_watch": ("watch {animal}", "watch min:{number} {animal}", "watch min:{number} {animal}"),
    "dismiss": ("dismiss",),
    "end_subscription": (
        "email carl{few}@lab.example daily 09:00",
        "email {code}",
        "email {code}",
        *["email stop carl{few}@lab.example"] * 4,
    ),
    "end_watch": ("watch {animal}", "unwatch {animal}"),
    "find_link_code": ("link", "link {code}"),
    "find_mail_code": ("email carl{number}@lab.example daily 09:00", "email {code}"),
    "link": ("link", "link {code}", "link {code}"),
    "put_notice": ("resume",),
    "dead": ("resume",),
    "set_due": ("digest",),
    "set_layout": ("layout {layout}",),
    "set_paused": ("pause", "resume"),
    "set_save_reactions": ("reactions bookmark star", "reactions default"),
    "set_schedule": ("schedule {schedule}",),
    "set_similar": ("similar on", "similar off"),
    "set_sort": ("sort hot", "sort new"),
    "set_top": ("schedule top mon 09:00 UTC",),
    "subscribe": ("email carl{few}@lab.example daily 09:00", "email {code}", "email {code}"),
    "take_in": ("import {animal}",),
    "unlink": ("link", "link {code}", "unlink"),
}
"""What makes the store's methods commit that members bring about."""

_CODE = re.compile(r"/papers (email|link) ([A-Z0-9-]{6,})")
_EMOJI = {name: character for character, name in CHARACTERS.items()}


class Held(Enum):
    """What a member may rely on about a paper."""

    SAVED = "saved"
    PERHAPS = "perhaps"
    TAKEN_BACK = "taken back"


class Members:
    """``held``: ann's papers by platform. ``reacted``: bob's, with the message; None: taken back. ``unreadable``: those
    of his whose reactions cannot be read back, so that what was told to a dying program is lost."""

    def __init__(self, town: Town, random: Random) -> None:
        self._town = town
        self._random = random
        self.held: dict[tuple[str, str], Held] = {}
        self.reacted: dict[tuple[str, str], str | None] = {}
        self.unreadable: set[tuple[str, str]] = set()
        self.codes: list[tuple[str, str]] = []
        self.answered = 0
        self.unanswered = 0
        self._events: set[asyncio.Task[Any]] = set()
        self._number = 0
        self._mails = 0
        self._wish = ""

    async def say(self, place: Place, text: str) -> str:
        """Ann types a command; what she reads, empty when no answer came in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                said = await (
                    self._on_slack(place, text) if place.platform == "slack" else self._on_discord(place, text)
                )
        except TimeoutError:
            said = ""
        if said:
            self.answered += 1
        else:
            self.unanswered += 1
        return said

    def act(self, life: Life) -> list[asyncio.Task[None]]:
        """Do this and that until cancelled, and more of what lets the life end where it is to end."""
        self._wish = life.at[0] if life.at else ""
        return [
            asyncio.create_task(self._on("slack", lambda: bool(self._town.slack.sockets.open))),
            asyncio.create_task(self._on("discord", lambda: bool(self._town.discord.gateway.open))),
        ]

    async def close(self) -> None:
        """No event is delivered again."""
        for task in self._events:
            task.cancel()
        await asyncio.gather(*self._events, return_exceptions=True)

    async def _on(self, platform: str, connected: Callable[[], bool]) -> None:
        places = [place for place in PLACES if place.platform == platform]
        while True:
            await asyncio.sleep(self._random.uniform(0.01, 0.12))
            if not connected():
                continue
            place = self._random.choice(places)
            what = self._random.choices(
                (self._save, self._take_back, self._react, self._react_no_more, self._other), (25, 5, 25, 5, 40)
            )[0]
            await what(place)

    # Ann

    async def _save(self, place: Place) -> None:
        found = self._choose(place)
        if found is None:
            return
        standing, paper = found
        if self.held.get((place.platform, paper)) in (Held.SAVED, Held.TAKEN_BACK):
            return
        self.held[place.platform, paper] = Held.PERHAPS
        if self._random.random() < 0.5:
            said = await self.say(place, f"save {paper}")
        else:
            said = await self._press(place, standing, paper)
        if "Saved" in said or "had saved" in said:
            self.held[place.platform, paper] = Held.SAVED

    async def _take_back(self, place: Place) -> None:
        mine = [
            paper for (platform, paper), held in self.held.items() if (platform, held) == (place.platform, Held.SAVED)
        ]
        if not mine:
            return
        paper = self._random.choice(mine)
        self.held[place.platform, paper] = Held.PERHAPS
        said = await self.say(place, f"unsave {paper}")
        # Of what was not heard of, nothing more is said: an order that is late must not meet another one.
        if "No longer saved" in said:
            self.held[place.platform, paper] = Held.TAKEN_BACK

    async def _other(self, place: Place) -> None:
        random, wish = self._random, self._wish
        said = random.choice(WISHES[wish]) if wish in WISHES and random.random() < 0.7 else random.choice(CHATTER)
        animal, number = random.choice(("bettong", "kowari")), random.randint(1, 9)
        known, old = random.choice(self._town.arxiv.papers).id, random.choice(self._town.old)
        # Of the latest of its kind; older ones have ended.
        codes = [code for kind, code in self.codes[-20:] if kind == said.split()[0]][-2:] or ["none"]
        said = said.format(
            animal=animal,
            number=number,
            few=random.randint(1, 2),
            known=known,
            old=old,
            code=random.choice(codes),
            schedule=place.schedule,
            layout=place.layout,
        )
        if said == "dismiss":
            if (found := self._choose(place)) is not None:
                await self._press(place, found[0], found[1], "dismiss")
            return
        answer = await self.say(place, said)
        if "paused" in answer and random.random() < 0.8:
            await self.say(place, "resume")
        self.codes += _CODE.findall(answer)
        for mail in self._town.mail.mails[self._mails :]:
            self.codes += _CODE.findall(mail.part("plain"))
        self._mails = len(self._town.mail.mails)

    def _choose(self, place: Place) -> tuple[Standing, str] | None:
        """A paper in one of the latest posts of a place."""
        latest = self._town.readers.on(place.platform)[-_LATEST:]
        mine = [each for each in latest if each.papers and each.place == place.name]
        if not mine:
            return None
        chosen = self._random.choice(mine)
        return chosen, self._random.choice(chosen.papers)

    async def _press(self, place: Place, standing: Standing, paper: str, kind: str = "save") -> str:
        """Ann uses a paper's menu or button."""
        if place.platform == "slack":
            slack = self._town.slack
            action = {"type": "overflow", "action_id": PAPER_ACTION, "selected_option": {"value": f"{kind}:{paper}"}}
            try:
                async with asyncio.timeout(PATIENCE):
                    made = await slack.click(action, channel=place.channel)
                    await slack.until(lambda: made.responses, PATIENCE)
            except TimeoutError:
                return ""
            return json.dumps(made.responses)
        message = self._message(standing)
        identity = f"paper:{kind}:{paper}:{standing.key}"
        assert is_known(identity)
        try:
            async with asyncio.timeout(PATIENCE):
                pressed = await self._town.discord.press(identity, message)
                return await self._read(pressed)
        except TimeoutError:
            return ""

    async def _on_slack(self, place: Place, text: str) -> str:
        made = await self._town.slack.command(text, channel=place.channel)
        await self._town.slack.until(lambda: made.responses, PATIENCE)
        return json.dumps(made.responses, ensure_ascii=False)

    async def _on_discord(self, place: Place, text: str) -> str:
        name, _, rest = text.partition(" ")
        option = {
            "watch": "query", "unwatch": "query", "import": "lines", "sort": "order", "schedule": "when",
            "layout": "layout", "reactions": "names", "link": "code", "post": "paper", "save": "papers",
            "unsave": "papers", "email": "what", "similar": "digests",
        }.get(name)  # fmt: skip
        options: dict[str, Any] = {option: rest} if option and rest else {}
        made = await self._town.discord.command(name, channel=int(place.channel), **options)
        return await self._read(made)

    async def _read(self, made: discord_standin.Interaction) -> str:
        await self._town.discord.until(
            lambda: any(body.get("content") or body.get("embeds") or body.get("deleted") for body in made.replies),
            PATIENCE,
        )
        return json.dumps(made.replies, ensure_ascii=False)

    # Bob

    async def _react(self, place: Place) -> None:
        found = self._choose(place)
        if found is None or (place.platform, found[1]) in self.reacted:
            return
        standing, paper = found
        # What is older is not promised to be read back.
        if self._town.hours.seconds() - standing.at > _PROMISED:
            return
        self.reacted[place.platform, paper] = standing.handle
        if not place.readable:
            self.unreadable.add((place.platform, paper))
        await self._tell(place, standing, paper, added=True)

    async def _react_no_more(self, place: Place) -> None:
        mine = {
            paper: handle
            for (platform, paper), handle in self.reacted.items()
            if platform == place.platform and handle is not None
        }
        if mine:
            paper = self._random.choice(list(mine))
            self.reacted[place.platform, paper] = None
            standing = next(each for each in self._town.readers.on(place.platform) if each.handle == mine[paper])
            await self._tell(place, standing, paper, added=False)

    async def _tell(self, place: Place, standing: Standing, paper: str, *, added: bool) -> None:
        name = "bookmark"
        if len(standing.papers) > 1:
            number = standing.papers.index(paper) + 1
            name = next(name for name, each in KEYCAPS.items() if each == number)
        if place.platform == "discord":
            await self._town.discord.react(self._message(standing), _EMOJI[name], user=discord_standin.BOB, added=added)
            return
        channel = standing.place.removeprefix("slack ")
        await self._town.slack.react(name, standing.handle, user="U0BOB", channel=channel, added=added, tell=False)
        self._number += 1
        event = {
            "type": "reaction_added" if added else "reaction_removed",
            "user": "U0BOB",
            "reaction": name,
            "item_user": self._town.slack.team.bot_user,
            "item": {"type": "message", "channel": channel, "ts": standing.handle},
            "event_ts": f"{self._town.hours.seconds():.6f}",
        }
        # Slack repeats events, and a later one may overtake an earlier one.
        for _ in range(self._random.choice((1, 1, 2))):
            delay = self._random.choice((0.0, 0.0, 0.05))
            task = asyncio.create_task(self._event(event, f"Ev{self._number:09}", delay))
            self._events.add(task)
            task.add_done_callback(self._events.discard)

    async def _event(self, event: dict[str, Any], identity: str, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._town.slack.event(event, event_id=identity)

    def _message(self, standing: Standing) -> Message:
        channel, message = standing.handle.split()
        return self._town.discord.guilds[GUILD].channels[int(channel)].messages[int(message)]
