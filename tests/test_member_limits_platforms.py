"""Members of Slack and Discord who do too much: refused in the cheapest way that there is, before anything is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from adapters.slack import home_view
from bot.conversation import Home
from bot.member_limits import MOST_COMMANDS
from bot.models import ChannelRef, MemberRef
from tests import discord_kit, slack_kit
from tests.chat_contract import UnusedHandler
from tests.slack_kit import shown
from tests.standins.clock import QuickClock
from tests.standins.discord import ANN, BOB
from tests.standins.slack import SlackStandIn
from tests.test_member_limits import LIMITED


async def flooded(bot: slack_kit.Bot) -> int:
    """Ann has typed what she may; how many requests that took."""
    for _ in range(MOST_COMMANDS):
        await bot.say("list")
    return len(bot.slack.requests)


async def test_slack_is_told_in_the_acknowledgement_and_asked_for_nothing(tmp_path: Path) -> None:
    async with (
        slack_kit.stand_in() as slack,
        slack_kit.running(slack, tmp_path, clock=QuickClock(1.0)) as bot,
    ):
        before = await flooded(bot)
        strangers = " ".join(f"<@U0STRANGER{letter}>" for letter in "ABCDEFGHIJ")
        refused = await asyncio.gather(*(slack.command(f"saved {strangers}") for _ in range(30)))
        assert all(LIMITED in str(each.ack.get("text")) for each in refused)
        assert not any(each.responses for each in refused)
        assert len(slack.requests) == before
        # The form is a command like any other, and so is opening the home tab; others are served meanwhile.
        form = await slack.command("watch")
        await slack.event({"type": "app_home_opened", "user": "U0ANN", "tab": "home", "channel": "D1"})
        assert LIMITED in str(form.ack.get("text"))
        assert "Nothing is watched" in shown((await bot.say("list", user="U0BOB")).responses[0])
        assert not _asked(slack, "views.open", "views.publish", "users.conversations")


async def test_a_form_that_is_sent_too_often_stays_open_with_what_was_typed(tmp_path: Path) -> None:
    async with (
        slack_kit.stand_in() as slack,
        slack_kit.running(slack, tmp_path, clock=QuickClock(1.0)) as bot,
    ):
        await slack.command("watch")
        await slack.until(lambda: slack.team.views)
        view = next(iter(slack.team.views.values()))
        for _ in range(MOST_COMMANDS - 1):
            await bot.say("list")
        view["state"] = {"values": {"query": {"query": {"value": "RLHF"}}}}
        sent = await slack.submit(view)
        assert sent.ack["response_action"] == "errors"
        assert LIMITED in sent.ack["errors"]["query"]
        assert "Nothing is watched" in shown((await bot.say("list", user="U0BOB")).responses[0])


async def test_a_button_at_home_is_refused_by_a_window(tmp_path: Path) -> None:
    async with (
        slack_kit.stand_in() as slack,
        slack_kit.running(slack, tmp_path, clock=QuickClock(1.0)) as bot,
    ):
        await bot.say("watch RLHF", user="U0BOB")
        await flooded(bot)
        await slack.click({"type": "button", "action_id": home_view.PAUSE, "value": "C0READING"}, channel="")
        await slack.until(lambda: slack.team.views)
        (view,) = slack.team.views.values()
        assert LIMITED in "\n".join(slack_kit.texts(view["blocks"]))
        assert not _asked(slack, "users.conversations")
        assert "paused" not in shown((await bot.say("status", user="U0BOB")).responses[0])


async def test_discord_is_told_at_once_and_no_file_is_fetched(tmp_path: Path) -> None:
    async with (
        discord_kit.stand_in() as discord,
        discord_kit.running(discord, tmp_path, clock=QuickClock(1.0)) as bot,
    ):
        for _ in range(MOST_COMMANDS):
            await bot.say("help")
        attached = discord.attach("watches.txt", b"RLHF\n")
        refused = await bot.say("import", file=attached)
        assert LIMITED in discord_kit.shown(refused.reply)
        assert refused.ephemeral
        assert not [each for each in discord.requests if "attachments" in each]
        assert not discord_kit.shown((await bot.say("help", user=BOB)).reply).startswith(LIMITED)
        assert await bot.store.channel(discord_kit.CHANNEL) is None


class _Homes(UnusedHandler):
    """Is asked for homes alone, and gives none before ``gate`` is open."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.gate = asyncio.Event()

    async def home(self, member: MemberRef, visible: Collection[ChannelRef]) -> Home:
        self.asked.put_nowait(member.member)
        await self.gate.wait()
        return Home((), ())


async def test_while_somebody_types_one_look_up_of_theirs_is_under_way(tmp_path: Path) -> None:
    homes = _Homes()
    async with (
        discord_kit.stand_in() as discord,
        discord_kit.running(discord, tmp_path, handler=lambda _: homes),
    ):
        first = asyncio.ensure_future(discord.complete("export", "what", "", user=ANN))
        assert await asyncio.wait_for(homes.asked.get(), 10) == str(ANN)
        for typed in ("s", "sa", "sav"):
            # What needs no looking up is offered all the same.
            assert "saved" in await discord.complete("export", "what", typed, user=ANN)
        other = asyncio.ensure_future(discord.complete("export", "what", "", user=BOB))
        assert await asyncio.wait_for(homes.asked.get(), 10) == str(BOB)
        homes.gate.set()
        assert "saved" in await first
        assert "saved" in await other
        assert "weekly mon 09:00" in await discord.complete("schedule", "when", "", user=ANN)
        assert homes.asked.empty()


def _asked(slack: SlackStandIn, *methods: str) -> list[str]:
    return [each.method for each in slack.requests if each.method in methods]
