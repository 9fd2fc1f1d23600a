"""The channels of a town, and what stands in them: the platforms' truth, read without asking the program.

Each place has watches that are made in the quiet beginning and never ended: what they want is owed. In some places what
was sent cannot be read back.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from discord.utils import snowflake_time

from adapters.discord import identity as discord_identity
from adapters.discord.buttons import key_of
from adapters.slack import identity as slack_identity
from bot.models import ChannelRef
from tests.standins.discord import GUILD, READING, DiscordStandIn
from tests.standins.discord_state import THREAD
from tests.standins.slack import TEAM, SlackStandIn
from tests.standins.smtp import MailServer

_SLACK_PAPER = re.compile(r'"save:(\d{4}\.\d{5})"')
_LINK = re.compile(r"https://arxiv\.org/abs/(\d{4}\.\d{5})\b")


@dataclass(frozen=True)
class Place:
    """A channel, its schedule and layout, its lasting watches. ``readable``: its history can be looked through.

    ``address``: where a copy of it goes by e-mail. ``top``: when it gets its weekly top.
    """

    platform: str
    channel: str
    schedule: str
    layout: str
    queries: tuple[str, ...]
    readable: bool = True
    address: str = ""
    top: str = ""

    @property
    def name(self) -> str:
        return f"{self.platform} {self.channel}"

    @property
    def ref(self) -> ChannelRef:
        if self.platform == "slack":
            return slack_identity.channel_ref(TEAM, self.channel)
        return discord_identity.channel_ref(GUILD, int(self.channel))


MUTE_SLACK, MUTE_DISCORD, FORUM_CHANNEL = "C0MUTE", 4_003, 4_004

PLACES = (
    Place("slack", "C0READING", "instant", "cards", ("wombat",), address="ann@lab.example"),
    Place("slack", "C0DAILY", "daily 09:00 every day UTC", "thread", ("quokka", "cat:cs.LG"), top="mon 09:00 UTC"),
    Place("slack", MUTE_SLACK, "instant", "digest", ("numbat",), readable=False),
    Place("discord", str(READING), "instant", "thread", ("potoroo", "wombat"), address="bob@lab.example"),
    Place("discord", "4002", "daily 15:00 every day UTC", "digest", ("quokka", "cat:cs.CL"), top="mon 09:00 UTC"),
    Place("discord", str(MUTE_DISCORD), "instant", "digest", ("dunnart",), readable=False),
    Place("discord", str(FORUM_CHANNEL), "instant", "cards", ("bilby",)),
)


@dataclass(frozen=True)
class Standing:
    """A message of the program: its post's key, its papers in order, and whether it stands in another one's thread.

    ``handle``: how the stand-in names it. ``at``: since when it stands there, as a Unix time.
    """

    place: str
    key: str
    papers: tuple[str, ...]
    threaded: bool
    handle: str
    at: float


class Readers:
    """Reads the platforms of a town; each message is read once."""

    def __init__(self, slack: SlackStandIn, discord: DiscordStandIn, mail: MailServer) -> None:
        self._slack = slack
        self._discord = discord
        self._mail = mail
        self._read: dict[object, int] = defaultdict(int)
        self._standing: dict[str, list[Standing]] = defaultdict(list)

    def on(self, platform: str) -> list[Standing]:
        """The posts with a key on a platform, in the order in which they came to each channel."""
        match platform:
            case "slack":
                self._standing[platform] += self._on_slack()
            case "discord":
                self._standing[platform] += self._on_discord()
            case _:
                self._standing[platform] += self._by_mail()
        return self._standing[platform]

    def everywhere(self) -> list[Standing]:
        """The same on all platforms."""
        return [each for platform in ("slack", "discord", "email") for each in self.on(platform)]

    def _on_slack(self) -> Iterator[Standing]:
        for channel in self._slack.team.channels.values():
            new = channel.messages[self._read["slack", channel.id] :]
            self._read["slack", channel.id] += len(new)
            for message in new:
                if message.metadata:
                    papers = tuple(dict.fromkeys(_SLACK_PAPER.findall(json.dumps(message.body.get("blocks") or []))))
                    key = str(message.metadata["event_payload"]["key"])
                    yield Standing(
                        f"slack {channel.id}", key, papers, message.thread_ts is not None, message.ts, float(message.ts)
                    )

    def _on_discord(self) -> Iterator[Standing]:
        for channel in self._discord.guild.channels.values():
            forum = channel.type == THREAD and channel.parent == FORUM_CHANNEL
            place = channel.parent if channel.type == THREAD else channel.id
            new = list(itertools.islice(channel.messages.values(), self._read["discord", channel.id], None))
            self._read["discord", channel.id] += len(new)
            for message in new:
                rows = message.body.get("components") or []
                keys = {key_of(button.get("custom_id", "")) for row in rows for button in row["components"]} - {""}
                links = [_LINK.search(str(embed.get("url"))) for embed in message.body.get("embeds") or []]
                papers = tuple(link[1] for link in links if link)
                # A post of a forum is a thread that begins with it.
                threaded = channel.type == THREAD and not (forum and message.id == channel.id)
                for key in keys:
                    at = snowflake_time(message.id).timestamp()
                    yield Standing(f"discord {place}", key, papers, threaded, f"{channel.id} {message.id}", at)

    def _by_mail(self) -> Iterator[Standing]:
        new = self._mail.mails[self._read["email"] :]
        self._read["email"] += len(new)
        for each in new:
            message = each.message
            # Mails that bring codes are no posts.
            if "Confirm your address" not in str(message["Subject"]):
                key = str(message["Message-ID"]).strip("<>").partition("@")[0]
                papers = tuple(dict.fromkeys(_LINK.findall(each.part("plain"))))
                yield Standing(f"email {each.recipient}", key, papers, False, "", 0.0)


def posted(standing: Iterable[Standing], left_out: set[str]) -> dict[str, dict[str, int]]:
    """How often each paper stands in each place, threads apart; posts ``left_out`` bring none."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in standing:
        if not each.threaded and each.key not in left_out:
            for paper in each.papers:
                found[each.place][paper] += 1
    return found
