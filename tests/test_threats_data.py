"""Other people's data: whatever somebody types, presses or enters, it gives and changes nothing of another workspace
or of a channel that they are not in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.buttons import is_known
from adapters.slack.blocks import MORE_ACTION
from bot.commands.table import COMMANDS
from bot.conversation import Button, ButtonKind, Command, Reply
from bot.models import ChannelRef, MemberRef
from tests import discord_kit, slack_kit
from tests.commands_kit import Room, numbered, open_room, read
from tests.factories import make_paper
from tests.standins.clock import FakeClock
from tests.standins.discord import BOB, READING, Interaction
from tests.standins.slack import TEAM

ANN = MemberRef("slack", "T0LAB", "U0ANN", "ann")
SECRET = ChannelRef("slack", "T0LAB", "C0SECRET")
EVE = MemberRef("slack", "T0EVE", "U0EVE", "eve")
INSIDER = MemberRef("slack", "T0LAB", "U0BOB", "bob")

SECRETS = ("axolotlword", "kowariword", "ann@lab.example", "other@lab.example", "topsecret", "quietreason", "C0SECRET")
"""What stands nowhere but in Ann's private channel."""
SAVED = ("2603.00001", "2603.00002")
SAYING_WHO_SAVED = ("saved", "top", "export saved", "export top")


async def ann_says(room: Room, text: str) -> Reply:
    reply = await room.inbox.command(Command(SECRET, ANN, text, "topsecret", administers=True))
    assert not reply.error, reply.text
    return reply


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    """Ann's private channel watches, was posted, saved, is mailed, and has codes that nobody has entered yet."""
    async with open_room(tmp_path, clock) as room:
        await ann_says(room, "watch study OR axolotlword")
        await ann_says(room, "watch min:5 kowariword")
        await room.announce(numbered(2))
        await room.post(SECRET)
        await ann_says(room, "save 1 2")
        await ann_says(room, "schedule weekly mon 08:00")
        assert room.postbox is not None
        await ann_says(room, "email ann@lab.example")
        await ann_says(room, f"email {room.postbox.codes[-1][1]}")
        await ann_says(room, "email other@lab.example")
        await ann_says(room, "pause quietreason")
        yield room


def arguments(room: Room) -> Iterator[str]:
    """What a stranger may type after a command's name: ids, numbers, codes and addresses of what is not theirs."""
    assert room.postbox is not None
    yield from (
        "",
        "1",
        "2",
        "all",
        "channel",
        "saved channel csv",
        "watches",
        "1 json",
        "top all bibtex",
        "me",
        "stop",
    )
    yield from ("member:U0ANN", "account:slack/T0LAB/U0ANN", "account:slack/T0LAB/U0ANN bibtex page:1", "@ann page:1")
    yield from ("C0SECRET", "slack/T0LAB/C0SECRET", "stop ann@lab.example", "2603.00001", room.postbox.codes[-1][1])


@pytest.mark.parametrize("who", [EVE, INSIDER], ids=["another workspace", "another channel"])
async def test_nothing_that_is_typed_gives_or_changes_what_is_anothers(room: Room, who: MemberRef) -> None:
    where = ChannelRef("slack", who.workspace, "C0HALL")
    before = await _of_ann(room)
    for info in COMMANDS:
        for typed in arguments(room):
            # A mention is of the workspace in which it is typed, whatever the id.
            mentioned = (replace(ANN, workspace=who.workspace),)
            reply = await room.say(f"{info.name} {typed}", by=who, channel=where, mentions=mentioned, administers=True)
            told = _told(reply, typed)
            assert not [word for word in SECRETS if word in told], (info.name, typed, told)
            if who is EVE and f"{info.name} {typed}".startswith(SAYING_WHO_SAVED):
                assert not [paper for paper in SAVED if paper in told], (info.name, typed, told)
            if info.name == "save":
                await room.say(f"unsave {typed}", by=who, channel=where)
    assert await _of_ann(room) == before
    # To those who are in the channel all of it is told, so that what is looked for above could be found.
    hers = "".join([read(await ann_says(room, text)) for text in ("list", "status", "email", "saved")])
    assert [word for word in (*SECRETS[:3], "quietreason", *SAVED) if word not in hers] == []


async def test_buttons_speak_of_the_channel_that_they_stand_in(room: Room) -> None:
    before = await _of_ann(room)
    for kind in ButtonKind:
        button = Button(kind, "2603.00001", ChannelRef("slack", "T0EVE", "C0SECRET"), EVE)
        assert not (await room.inbox.button(button)).error
    assert await _of_ann(room) == before
    # An id of the same channel in another workspace is another channel.
    assert [paper.id for paper in await room.store.dismissed(button.channel, limit=9)] == ["2603.00001"]
    assert await room.store.dismissed(SECRET, limit=9) == []


def _told(reply: Reply, typed: str) -> str:
    """All that a reply tells beyond what was typed."""
    said = "\n".join([read(reply), *(file.name + file.content.decode("utf-8", "replace") for file in reply.files)])
    for word in sorted(typed.split(), key=len, reverse=True):
        said = said.replace(word, "")
    return said


async def _of_ann(room: Room) -> list[object]:
    """What is stored of Ann, her channel and her workspace."""
    return [
        await room.store.channel(SECRET),
        await room.store.watches(SECRET),
        await room.store.waiting(SECRET),
        await room.store.saved_by(ANN, limit=50),
        await room.store.mail_subscriptions(ANN),
        await room.store.team(ANN.platform, ANN.workspace),
        await room.store.accounts(ANN),
        await room.store.dismissed(SECRET, limit=50),
    ]


PAGES = ("saved member:U0ANN", "saved account:slack/T0LAB/U0ANN", "saved account:slack/T0LAB/U0ANN page:1")


@pytest.mark.parametrize("value", [*PAGES, "unwatch 1", "export", "link"])
async def test_a_page_button_of_slack_gives_nothing_of_another_workspace(tmp_path: Path, value: str) -> None:
    async with slack_kit.stand_in() as slack, slack_kit.running(slack, tmp_path) as bot:
        await bot.announce([make_paper()])
        elsewhere = MemberRef("slack", "T0ELSE", "U0ANN", "ann")
        place = ChannelRef("slack", "T0ELSE", "C0READING")
        for text in ("watch axolotlword", "save 2603.00001"):
            await bot.inbox.command(Command(place, elsewhere, text))
        await bot.say("watch kowariword")
        done = await slack.click(
            {"type": "button", "action_id": MORE_ACTION, "value": value.replace("T0LAB", "T0ELSE")}
        )
        await slack.until(lambda: done.responses)
        said = "\n".join(slack_kit.shown(each) for each in done.responses)
        assert "2603.00001" not in said
        assert "axolotlword" not in said
        assert [made.typed for made in await bot.store.watches(place)] == ["axolotlword"]
        assert [made.typed for made in await bot.store.watches(ChannelRef("slack", TEAM, "C0READING"))] == [
            "kowariword"
        ]


async def test_members_of_a_discord_server_without_the_right_change_nothing_by_any_way(tmp_path: Path) -> None:
    async with discord_kit.stand_in() as discord, discord_kit.running(discord, tmp_path) as bot:
        await bot.say("watch", query="axolotlword")
        before = await bot.store.channel(discord_kit.CHANNEL)
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("watch", {"query": "RLHF"}),
            ("unwatch", {"query": "1"}),
            ("import", {"lines": "RLHF"}),
            ("schedule", {"when": "off"}),
            ("layout", {"layout": "cards"}),
            ("sort", {"order": "hot"}),
            ("similar", {"digests": "on"}),
            ("pause", {}),
            ("resume", {}),
            ("digest", {}),
            ("reactions", {"names": "star"}),
            ("access", {"who": "everyone"}),
            ("link", {}),
            ("unlink", {}),
        )
        for name, options in asked:
            done = await discord.command(name, user=BOB, **options)
            await discord.until(partial(_says, done, "may manage"))
        for command in ("watch RLHF", "pause", "unwatch 1", "access everyone", "link", "email stop a@b.example"):
            identity = f"command:{command}:"
            assert is_known(identity)
            body = {"content": "x", "components": [_row(identity)]}
            pressed = await discord.press(identity, discord.store(discord.channel(READING), body), user=BOB)
            await discord.until(partial(_says, pressed, "not known"))
        assert await bot.store.channel(discord_kit.CHANNEL) == before
        assert [made.typed for made in await bot.store.watches(discord_kit.CHANNEL)] == ["axolotlword"]


def _says(done: Interaction, words: str) -> bool:
    return any(words in discord_kit.shown(reply) for reply in done.replies)


def _row(identity: str) -> dict[str, object]:
    return {"type": 1, "components": [{"type": 2, "style": 2, "label": "?", "custom_id": identity}]}


async def test_what_discord_offers_while_typing_is_of_the_channel_and_the_member(tmp_path: Path) -> None:
    async with discord_kit.stand_in() as discord, discord_kit.running(discord, tmp_path) as bot:
        discord.add_channel(4_700, "closed")
        other = discord.add_guild(9_100, "Others", 9_101)
        await bot.announce([make_paper()])
        await bot.say("watch", query="axolotlword", channel=4_700)
        await bot.say("save", papers="2603.00001", channel=4_700)
        for where in (dict[str, int](), {"guild": other.id, "channel": 9_101}):
            assert await discord.complete("unwatch", "query", "", user=BOB, **where) == []
            assert await discord.complete("unsave", "papers", "", user=BOB, **where) == []
            assert "1" not in await discord.complete("export", "what", "", user=BOB, **where)
        assert await discord.complete("unwatch", "query", "", user=BOB, channel=4_700) == ["axolotlword"]
