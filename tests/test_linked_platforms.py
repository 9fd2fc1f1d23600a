"""One team on both: a Slack workspace and a console, each with its real adapter, joined by a code."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.console import ConsoleChat
from tests.factories import make_paper
from tests.slack_kit import READING, Bot, running, shown, stand_in

ONE, TWO = "2603.00001", "2603.00002"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as slack, running(slack, tmp_path) as bot:
        await bot.announce([make_paper(ONE, title="On letters"), make_paper(TWO, title="On parcels")])
        yield bot


@pytest.fixture
def typed(bot: Bot, tmp_path: Path) -> Callable[[str], Awaitable[str]]:
    """Types a command into the console and gives what it prints."""

    async def typed(text: str) -> str:
        reading, writing = os.pipe()
        os.write(writing, f"{text}\n".encode())
        os.close(writing)
        with (tmp_path / "printed").open("w+", encoding="utf-8") as output:
            console = ConsoleChat(
                output=output,
                stdin=reading,
                transcript=tmp_path / "transcript",
                clock=bot.clock,
                member="ann",
                interactive=False,
            )
            await console.start(bot.inbox)
            await console.converse()
            await console.close()
        with suppress(OSError):
            os.close(reading)
        return (tmp_path / "printed").read_text("utf-8")

    return typed


def code_in(said: str) -> str:
    found = re.search(r"/papers link ([A-Z0-9-]{14})", said)
    assert found is not None, said
    return found[1]


async def said(bot: Bot, text: str, user: str = "U0ANN") -> str:
    """What Slack shows to a command."""
    return "\n".join([shown(response) for response in (await bot.say(text, user=user)).responses])


async def test_a_slack_workspace_and_a_console_are_one_team(bot: Bot, typed: Callable[[str], Awaitable[str]]) -> None:
    await said(bot, "watch letters")
    await said(bot, f"save {ONE}", "U0BOB")
    assert "Nobody saved" in await typed("top")

    code = code_in(await typed("link"))
    assert "Only somebody who may manage this workspace can enter that code" in await said(bot, f"link {code}", "U0BOB")
    done = await bot.say(f"link {code}")
    assert done.responses[0]["response_type"] == "in_channel"
    assert "This workspace is now one team with Console `local`" in shown(done.responses[0])
    assert "That code is not valid" in await said(bot, f"link {code}")

    assert "On letters" in await typed("top")
    await typed(f"save {ONE} {TWO}")
    assert "2 saves" in await said(bot, "top")
    assert "Nothing is watched" in await typed("list")
    assert len(await bot.store.watches(READING)) == 1

    # Made on Slack, where the code is for the caller's eyes, and entered on the console.
    made = (await bot.say("link me")).responses[0]
    assert made["response_type"] == "ephemeral"
    assert "`ann` on Slack `T0LAB`" in await typed(f"link {code_in(shown(made))}")
    assert "On parcels" in await said(bot, "saved")
    assert "You had saved" in await said(bot, f"save {TWO}")
    assert "On parcels" in await said(bot, "saved <@U0ANN>", "U0BOB")

    assert "Only somebody who may manage" in await said(bot, "unlink", "U0BOB")
    assert "no longer one team with Console `local`" in await said(bot, "unlink")
    assert "2 saves" not in await typed("top")
    assert "On parcels" in await typed("top")
    # Ann's account on Slack had been given that save, too; her accounts are still linked.
    assert "no longer linked with `ann` on Slack" in await typed("unlink me")
    assert "On letters" in await typed("saved")
    assert "On letters" not in await said(bot, "saved")
