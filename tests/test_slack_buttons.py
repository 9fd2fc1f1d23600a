"""The menu beside each paper, its window, pages, and whatever else may come back from a button."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.identity import member_ref
from tests.delivery_kit import until
from tests.factories import make_paper
from tests.slack_kit import READING, Bot, running, shown, stand_in
from tests.standins.slack_faults import Kind

ANN = member_ref(READING.workspace, "U0ANN")


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as slack, running(slack, tmp_path) as bot:
        await bot.announce([make_paper("2603.00001", title="Something else")])
        await bot.say("watch RLHF")
        await bot.announce(
            [make_paper("2603.00002", title="On RLHF", abstract="We study $\\alpha$ rewards.", comment="9 pages")]
        )
        await bot.post()
        yield bot


def menu(value: str) -> dict[str, Any]:
    return {"type": "overflow", "action_id": "paper", "selected_option": {"value": value}}


def window(bot: Bot) -> dict[str, Any]:
    (view,) = bot.slack.team.views.values()
    return view


async def test_the_menu_of_a_digest_offers_abstract_save_pdf_and_not_for_us(bot: Bot) -> None:
    digest = bot.slack.team.channels["C0READING"].messages[1]
    (accessory,) = [block["accessory"] for block in digest.body["blocks"] if "accessory" in block]
    assert [option["text"]["text"] for option in accessory["options"]] == ["Abstract", "Save", "PDF", "Not for us"]
    assert accessory["options"][2]["url"] == "https://arxiv.org/pdf/2603.00002"
    assert all("RLHF" not in option["value"] for option in accessory["options"]), "values are opaque"


async def test_abstract_opens_a_window_with_readable_formulas(bot: Bot) -> None:
    done = await bot.slack.click(menu("abstract:2603.00002"))
    assert done.acknowledged is not None
    await bot.slack.until(lambda: bot.slack.team.views)
    said = shown(window(bot))
    for expected in ("On RLHF", "We study α rewards.", "Comment: 9 pages", "Ada Post", "arXiv page", "PDF"):
        assert expected in said
    assert window(bot)["title"]["text"] == "arXiv:2603.00002"


async def test_a_paper_that_arxiv_has_to_be_asked_for_is_waited_for_in_the_window(bot: Bot) -> None:
    await bot.slack.click(menu("abstract:2603.09999"))
    await bot.slack.until(lambda: bot.slack.team.views)
    assert "arXiv has no paper" in shown(window(bot))


async def test_an_expired_trigger_brings_the_abstract_as_a_message(bot: Bot) -> None:
    bot.slack.fail(Kind.REFUSAL, "views.open", code="expired_trigger_id")
    done = await bot.slack.click(menu("abstract:2603.00002"))
    await bot.slack.until(lambda: done.responses)
    assert "We study α rewards." in shown(done.responses[0])
    assert done.responses[0]["response_type"] == "ephemeral"


async def test_saving_by_the_menu_is_said_to_that_member_and_twice_is_once(bot: Bot) -> None:
    first = await bot.slack.click(menu("save:2603.00002"))
    again = await bot.slack.click(menu("save:2603.00002"))
    await bot.slack.until(lambda: first.responses and again.responses)
    assert first.responses[0]["response_type"] == "ephemeral"
    assert "Saved “On RLHF”." in shown(first.responses[0])
    assert "already" in shown(again.responses[0])
    assert len(await bot.store.saved_by(ANN, limit=9)) == 1


async def test_not_for_us_is_counted_once_a_paper(bot: Bot) -> None:
    for _ in range(2):
        done = await bot.slack.click(menu("dismiss:2603.00002"))
        responses = done.responses
        await bot.slack.until(lambda: responses)  # noqa: B023  awaited at once
        assert "1 paper" in shown(done.responses[0])
    assert [paper.id for paper in await bot.store.dismissed(READING, limit=9)] == ["2603.00002"]


async def test_the_pdf_is_a_link_and_needs_no_answer(bot: Bot) -> None:
    done = await bot.slack.click(menu("pdf:2603.00002"))
    assert done.acknowledged is not None
    link = await bot.slack.click({"type": "button", "action_id": "link.pdf"})
    assert link.acknowledged is not None
    assert not done.responses
    assert not link.responses


@pytest.mark.parametrize(
    "value", ["", "explode:2603.00002", "save", "save:../../etc", "save:" + "9" * 500, "abstract:<!channel>"]
)
async def test_values_of_other_versions_or_of_strangers_are_answered_politely(bot: Bot, value: str) -> None:
    done = await bot.slack.click(menu(value))
    await bot.slack.until(lambda: done.responses or bot.slack.team.views)
    said = shown(done.responses[0]) if done.responses else shown(window(bot))
    assert said
    assert "Traceback" not in said
    assert await bot.store.saved_by(ANN, limit=9) == []


@pytest.mark.parametrize("typed", ["unwatch 1", "pause", "watch x", "", "import x", "export"])
async def test_a_page_button_runs_lists_and_nothing_else(bot: Bot, typed: str) -> None:
    done = await bot.slack.click({"type": "button", "action_id": "page.more", "value": typed})
    await bot.slack.until(lambda: done.responses)
    assert "not known" in shown(done.responses[0])
    assert [watch.typed for watch in await bot.store.watches(READING)] == ["RLHF"]


async def test_an_action_that_nobody_knows_is_acknowledged(bot: Bot) -> None:
    done = await bot.slack.click({"type": "button", "action_id": "from the future", "value": "x"})
    assert done.acknowledged is not None


async def test_a_button_works_after_a_restart(bot: Bot, tmp_path: Path) -> None:
    await bot.chat.close()
    await bot.store.close()
    async with running(bot.slack, tmp_path) as again:
        await bot.slack.click(menu("save:2603.00002"))

        async def saved() -> bool:
            return bool(await again.store.saved_by(ANN, limit=9))

        await until(saved)
