"""The form: explained while its member types, refused beside its fields, one watch however often it is sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.watch_form import explanation
from tests.factories import make_paper
from tests.slack_kit import READING, Bot, running, shown, stand_in


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as slack, running(slack, tmp_path) as bot:
        await bot.announce([make_paper("2603.00001", title="Something else")])
        yield bot


async def opened(bot: Bot, **more: Any) -> dict[str, Any]:
    """The form, as `/papers watch` opens it."""
    done = await bot.slack.command("watch", **more)
    assert done.acknowledged is not None
    await bot.slack.until(lambda: bot.slack.team.views)
    (view,) = bot.slack.team.views.values()
    return view


def filled(view: dict[str, Any], query: str, schedule: str | None = None, channel: str = "") -> dict[str, Any]:
    """The form with something typed into it."""
    given = json.loads(view["private_metadata"])["schedule"] if schedule is None else schedule
    values: dict[str, Any] = {"query": {"query": {"value": query}}, "schedule": {"schedule": {"value": given}}}
    if channel:
        values["channel"] = {"channel": {"selected_conversation": channel}}
    return view | {"state": {"values": values}}


async def test_it_begins_with_the_callers_schedule_and_says_which_channel(bot: Bot) -> None:
    said = shown(await opened(bot, user="U0BOB"))
    assert "#reading" in said
    view = next(iter(bot.slack.team.views.values()))
    assert json.loads(view["private_metadata"])["schedule"].endswith("America/New_York")
    await bot.say("watch RLHF")
    await bot.say("schedule weekly mon 08:00")
    bot.slack.team.views.clear()
    again = await opened(bot)
    assert "weekly mon 08:00" in json.loads(again["private_metadata"])["schedule"]


async def test_typing_brings_the_explanation(bot: Bot) -> None:
    view = await opened(bot)
    typed = {"type": "plain_text_input", "action_id": "query", "block_id": "query", "value": "RLHF -survey"}
    for query in ("R", "RL", "RLHF -survey"):
        await bot.slack.click(typed, view=filled(view, query))
    await bot.slack.until(lambda: "but not “survey”" in shown(bot.slack.team.views[view["id"]]))
    await bot.slack.click(typed, view=filled(view, "RLHF ("))
    await bot.slack.until(lambda: "parenthesis" in shown(bot.slack.team.views[view["id"]]).lower())


async def test_its_result_waits_for_nothing_urgent(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    view = await opened(bot)
    monkeypatch.setattr("bot.precedence.LONGEST", 60.0)
    async with bot.chat._precedence.first():
        done = await bot.slack.submit(filled(view, "RLHF"))
    assert "Watching" in shown(done.ack["view"])


async def test_mistakes_are_said_beside_their_fields(bot: Bot) -> None:
    view = await opened(bot)
    done = await bot.slack.submit(filled(view, "cat:cs", "every full moon"))
    assert done.ack["response_action"] == "errors"
    assert "cat:cs.*" in done.ack["errors"]["query"]
    assert done.ack["errors"]["schedule"]
    assert await bot.store.watches(READING) == []


async def test_submitting_makes_the_watch_sets_the_schedule_and_says_so(bot: Bot) -> None:
    view = await opened(bot)
    done = await bot.slack.submit(filled(view, "RLHF -survey", "weekly mon 08:00 Europe/Paris"))
    assert done.ack["response_action"] == "update"
    await bot.slack.until(lambda: "Watching" in shown(bot.slack.team.views[view["id"]]))
    (watch,) = await bot.store.watches(READING)
    assert watch.typed == "RLHF -survey"
    channel = await bot.store.channel(READING)
    assert channel is not None
    assert channel.schedule.startswith("weekly mon 08:00")
    said = [message for message in bot.slack.team.channels["C0READING"].messages if "Watching" in shown(message.body)]
    assert len(said) == 1, "success is said in the channel"


async def test_sending_it_twice_makes_one_watch(bot: Bot) -> None:
    view = await opened(bot)
    for _ in range(2):
        await bot.slack.submit(filled(view, "RLHF"))
    await bot.slack.until(lambda: "made already" in shown(bot.slack.team.views[view["id"]]))
    assert len(await bot.store.watches(READING)) == 1


async def test_a_duplicate_is_an_error_in_the_window(bot: Bot) -> None:
    await bot.say("watch RLHF")
    view = await opened(bot)
    await bot.slack.submit(filled(view, "rlhf"))
    await bot.slack.until(lambda: "watches that already" in shown(bot.slack.team.views[view["id"]]))


async def test_in_a_channel_without_the_bot_the_window_says_what_to_type(bot: Bot) -> None:
    bot.slack.add_channel("C0OTHER", "other", member=False)
    view = await opened(bot, channel="C0OTHER")
    await bot.slack.submit(filled(view, "RLHF"))
    await bot.slack.until(lambda: "/invite @paperroute" in shown(bot.slack.team.views[view["id"]]))


async def test_a_form_of_another_workspace_is_refused(bot: Bot) -> None:
    view = await opened(bot)
    forged = json.loads(view["private_metadata"]) | {"workspace": "T0OTHER"}
    await bot.slack.submit(filled(view | {"private_metadata": json.dumps(forged)}, "RLHF"))
    await bot.slack.until(lambda: "another workspace" in shown(bot.slack.team.views[view["id"]]))
    assert await bot.store.watches(READING) == []


async def test_private_metadata_that_is_none_is_refused(bot: Bot) -> None:
    view = await opened(bot)
    await bot.slack.submit(filled(view, "RLHF") | {"private_metadata": "[]"})
    await bot.slack.until(lambda: "another workspace" in shown(bot.slack.team.views[view["id"]]))


@pytest.mark.parametrize("query", ["", "(", "a" * 600, "\u202e", "-x", "ti:", "<!channel>", "`"])
def test_an_explanation_never_fails(query: str) -> None:
    assert explanation(query, "nonsense")
    assert explanation(query, "daily 09:00")


def test_a_watch_that_waits_for_upvotes_is_explained() -> None:
    assert explanation("min:20 RLHF", "off").splitlines()[0] == (
        "Finds papers with “rlhf” in title or abstract, each once it has 20 upvotes on Hugging Face, "
        "up to 30 days after its announcement."
    )
    assert explanation("min:x RLHF", "off").startswith("`min:x` is no number of upvotes.")


async def test_the_form_makes_a_watch_that_waits_and_refuses_what_is_no_number(bot: Bot) -> None:
    view = await opened(bot)
    refused = await bot.slack.submit(filled(view, "min:x RLHF"))
    assert refused.ack["response_action"] == "errors"
    assert "no number of upvotes" in refused.ack["errors"]["query"]
    await bot.slack.submit(filled(view, "min:20 RLHF"))
    await bot.slack.until(lambda: "Watching" in shown(bot.slack.team.views[view["id"]]))
    (watch,) = await bot.store.watches(READING)
    assert (watch.typed, watch.upvotes) == ("min:20 RLHF", 20)
