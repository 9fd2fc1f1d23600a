"""Slash commands: acknowledged at once, answered where they should be, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.conversation import Command, Reply
from bot.inbox import Inbox
from bot.models import MemberRef
from tests.delivery_kit import until
from tests.factories import make_paper
from tests.slack_kit import READING, Bot, Gate, running, shown, stand_in
from tests.standins.painter import Painter
from tests.standins.slack_faults import Kind
from tests.standins.slack_state import User


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as slack, running(slack, tmp_path) as bot:
        await bot.announce([make_paper("2603.00001", title="Something else")])
        yield bot


async def test_success_is_said_in_the_channel_and_the_rest_to_the_caller(bot: Bot) -> None:
    assert (await bot.say("watch RLHF")).responses[0]["response_type"] == "in_channel"
    for text in ("list", "watch RLHF", "watch cat:cs", "nonsense", "", "help"):
        (answer,) = (await bot.say(text)).responses[:1]
        assert answer["response_type"] == "ephemeral", text
        assert not answer["replace_original"]


async def test_the_acknowledgement_does_not_wait_for_the_answer(tmp_path: Path) -> None:
    gates: list[Gate] = []

    def gated(inbox: Inbox) -> Gate:
        gates.append(Gate(inbox))
        return gates[0]

    async with stand_in() as slack, running(slack, tmp_path, handler=gated):
        done = await slack.command("list")
        assert done.acknowledged is not None
        assert done.acknowledged < 1
        assert not done.responses
        gates[0].open.set()
        await slack.until(lambda: done.responses)


async def test_what_is_urgent_goes_before_work_and_a_request_is_urgent_until_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.precedence.LONGEST", 60.0)
    urgent: list[int] = []

    class Noting(Gate):
        def admit(self, member: MemberRef) -> Reply | None:
            urgent.append(len(here.chat._precedence._urgent))
            return super().admit(member)

        async def command(self, command: Command) -> Reply:
            return await self._inbox.command(command)

    async with stand_in() as slack, running(slack, tmp_path, handler=Noting) as here:
        async with here.chat._precedence.first():
            done = await slack.command("help")
            assert done.acknowledged is not None
            assert urgent == [2]
            assert not done.responses
        await slack.until(lambda: done.responses)


async def test_a_command_that_is_delivered_again_is_carried_out_once(bot: Bot) -> None:
    first = await bot.say("watch RLHF", trigger_id="the same")
    again = await bot.slack.command("watch RLHF", trigger_id="the same")
    other = await bot.say("list")
    assert first.responses
    assert not again.responses
    assert "1 watch:" in shown(other.responses[0])


async def test_slacks_escapes_mean_what_was_typed(bot: Bot) -> None:
    done = await bot.say('watch "&lt;b&gt; R&amp;D" OR <https://x.example|x.example>')
    assert "`https://x.example` is an address" in shown(done.responses[0])
    await bot.say('watch "R&amp;D" OR "a &lt; b"')
    await bot.say("watch <#C0CL|cs.CL> RLHF")
    await bot.say("watch <@U0BOB|lecun> diffusion")
    typed = {watch.typed for watch in await bot.store.watches(READING)}
    assert {"#cs.CL RLHF", "@lecun diffusion", '"R&D" OR "a < b"'} == typed


async def test_a_mention_without_a_name_is_looked_up(bot: Bot) -> None:
    done = await bot.say("saved <@U0BOB>")
    assert "@bob" in shown(done.responses[0])


async def test_the_callers_time_zone_is_the_new_channels(bot: Bot) -> None:
    await bot.say("watch RLHF", user="U0BOB")
    channel = await bot.store.channel(READING)
    assert channel is not None
    assert channel.schedule.endswith("America/New_York")
    asked = len(bot.slack.asked("users.info"))
    await bot.say("list", user="U0BOB")
    assert len(bot.slack.asked("users.info")) == asked, "it is remembered"


async def test_who_manages_the_workspace_takes_no_request_of_its_own(bot: Bot) -> None:
    assert "Only somebody who may manage" in shown((await bot.say("link", user="U0BOB")).responses[0])
    assert "in the other workspace" in shown((await bot.say("link", user="U0ANN")).responses[0])
    assert len(bot.slack.asked("users.info")) == 2


async def test_members_that_slack_does_not_describe_are_served_all_the_same(bot: Bot) -> None:
    bot.slack.fail(Kind.REFUSAL, "users.info", code="user_not_found")
    await bot.say("watch RLHF")
    channel = await bot.store.channel(READING)
    assert channel is not None
    assert channel.schedule.endswith("UTC")


async def test_nobody_is_asked_to_attach_a_file_which_no_command_can_carry(bot: Bot) -> None:
    for text in ("import", "import list.txt", "import " + "x" * 100_000, "import " + "é" * 60_000):
        said = shown((await bot.say(text)).responses[0])
        assert "paste" in said or "in parts" in said
        assert "ttach" not in said


async def test_a_long_list_is_taken_whole(bot: Bot) -> None:
    queries = [f"{'moss ' * 30}fern{number}" for number in range(100)]
    assert "100 watches made." in shown((await bot.say("import\n" + "\n".join(queries))).responses[0])


@pytest.mark.parametrize("private", [False, True])
async def test_in_a_channel_without_the_bot_the_watch_is_made_and_waits_for_an_invitation(
    bot: Bot, private: bool
) -> None:
    room = bot.slack.add_channel("C0OTHER", "other", member=False, private=private)
    done = await bot.say("watch RLHF", channel="C0OTHER")
    assert "`/invite @paperroute`" in shown(done.responses[0])
    ref = READING.__class__("slack", READING.workspace, "C0OTHER")
    channel = await bot.store.channel(ref)
    assert channel is not None
    assert "/invite @paperroute" in channel.paused
    await bot.announce([make_paper("2603.00002", title="On RLHF")])
    await bot.post()
    assert not bot.slack.asked("chat.postMessage")

    room.members.add(bot.slack.team.bot_user)
    joined = {"type": "member_joined_channel", "user": bot.slack.team.bot_user, "channel": "C0OTHER"}
    assert await bot.slack.event(joined)

    async def resumed() -> bool:
        known = await bot.store.channel(ref)
        return known is not None and not known.paused

    await until(resumed)
    await bot.post()
    assert any("On RLHF" in shown(message.body) for message in room.messages)


async def test_in_the_bots_direct_messages_everything_works(bot: Bot) -> None:
    room = bot.slack.team.direct_channel("U0ANN")
    done = await bot.say("watch RLHF", channel=room.id)
    assert "/invite" not in shown(done.responses[0])
    await bot.announce([make_paper("2603.00002", title="On RLHF")])
    await bot.post()
    assert any("On RLHF" in shown(message.body) for message in room.messages)


async def test_a_conversation_between_people_is_told_what_to_do_instead(bot: Bot) -> None:
    bot.slack.team.users["U0EVE"] = User("U0EVE", "eve")
    room = bot.slack.add_channel("D0EVEBOB", "", direct=True, member=False)
    assert bot.slack.team.bot_user not in room.members
    done = await bot.say("watch RLHF", channel="D0EVEBOB", user="U0EVE", channel_name="directmessage")
    assert "conversation between people" in shown(done.responses[0])


async def test_a_long_list_has_buttons_and_never_ends_in_invalid_blocks(bot: Bot) -> None:
    for number in range(60):
        await bot.say(f'watch "{"tedious " * 38}long {number}"', user=f"U0{number}")
    done = await bot.slack.command("list")
    await bot.slack.until(lambda: any(_buttons(message) for message in done.responses))
    assert all(message["blocks"] for message in done.responses)
    (more,) = [button for message in done.responses for button in _buttons(message)]
    page = await bot.slack.click({"type": "button", "action_id": more["action_id"], "value": more["value"]})
    await bot.slack.until(lambda: any(len(_buttons(message)) == 2 for message in page.responses))
    assert page.responses[0]["replace_original"]
    assert "page 2 of 3" in shown(page.responses[0])


def _buttons(message: dict[str, object]) -> list[dict[str, str]]:
    blocks = message.get("blocks") or []
    assert isinstance(blocks, list)
    return [element for block in blocks if block["type"] == "actions" for element in block["elements"]]


async def test_a_spent_response_url_is_no_end(bot: Bot) -> None:
    done = await bot.slack.command("list", response_url=f"{bot.slack.url}respond/unknown")
    assert done.acknowledged is not None
    await bot.slack.until(lambda: bot.slack.team.ephemerals)
    (answer,) = bot.slack.team.ephemerals
    assert answer["user"] == "U0ANN"
    assert "Nothing is watched" in shown(answer)


async def test_blocks_that_slack_refuses_are_said_as_text(bot: Bot) -> None:
    bot.slack.fail(Kind.REFUSAL, "chat.postEphemeral", code="invalid_blocks")
    await bot.slack.command("list", response_url=f"{bot.slack.url}respond/unknown")
    await bot.slack.until(lambda: bot.slack.team.ephemerals)
    assert "blocks" not in bot.slack.team.ephemerals[0]
    assert "Nothing is watched" in bot.slack.team.ephemerals[0]["text"]


async def test_an_export_goes_to_the_callers_direct_messages(bot: Bot) -> None:
    await bot.say("watch RLHF")
    done = await bot.say("export")
    assert "direct messages with @paperroute" in shown(done.responses[0])
    (file,) = bot.slack.team.files.values()
    assert file["channel"] == "D0ANN"
    assert b"RLHF" in file["content"]


async def test_a_picture_comes_with_its_words(tmp_path: Path) -> None:
    async with stand_in() as slack, running(slack, tmp_path, plotter=Painter()) as bot:
        await bot.say("watch RLHF")
        done = await bot.say("stats")
        (file,) = slack.team.files.values()
        assert (file["name"], file["content"], file["channel"]) == ("paperroute-stats.png", b"picture", "D0ANN")
        assert file["alt"].startswith("The last 12 weeks of reading, ")
        assert "RLHF 0 in all" in file["alt"]
        assert "direct messages with @paperroute" in shown(done.responses[0])


async def test_a_missing_scope_for_files_is_named(bot: Bot) -> None:
    bot.slack.team.scopes.remove("files:write")
    await bot.say("watch RLHF")
    done = await bot.say("export")
    assert "files:write" in shown(done.responses[0])


async def test_two_hundred_commands_at_once_are_all_answered(tmp_path: Path) -> None:
    # By a clock as slow as the machine's: two hundred answers on a busy machine take longer than the wait for one.
    async with stand_in() as slack, running(slack, tmp_path, clock=SystemClock()):
        slack.limits.enforced = False
        done = await asyncio.gather(*(slack.command("list", user=f"U0{number}") for number in range(200)))
        assert all(each.acknowledged is not None for each in done)
        await slack.until(lambda: all(each.responses for each in done), 60)
