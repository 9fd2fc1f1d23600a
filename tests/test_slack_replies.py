"""Replies as Slack messages: nothing is lost, nothing is refused, nothing does anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.blocks import MOST_BLOCKS, MOST_CHARACTERS, Message, characters
from adapters.slack.replies import render
from bot.commands.saying import tidy
from bot.conversation import Reply
from bot.models import Entry
from tests.factories import make_paper
from tests.slack_kit import texts
from tests.standins.slack_blocks import check_message
from tests.test_slack_text import DOES_SOMETHING, HOSTILE


def valid(message: Message) -> bool:
    assert len(message.blocks) <= MOST_BLOCKS
    assert sum(characters(block) for block in message.blocks) <= MOST_CHARACTERS
    assert 0 < len(message.text) <= 4_000
    return check_message(message.text, message.blocks) is None


def said(messages: list[Message]) -> str:
    return "\n".join(text for message in messages for text in texts(message.blocks))


def test_a_reply_is_text_papers_footer_and_buttons_in_that_order() -> None:
    papers = (Entry(1, make_paper(), ("RLHF",)), Entry(2, make_paper("2603.00002", title="Second")))
    [message] = render(Reply("Found `2` papers.", papers=papers, footer="That is all.", more="list page:2"))
    shown = texts(message.blocks)
    assert shown[0] == "Found `2` papers."
    assert "A study of careful delivery" in shown[1]
    assert [text for text in shown if text in ("That is all.", "◀ Back", "More ▶")] == ["That is all.", "More ▶"]
    assert message.blocks[-1]["elements"][0]["value"] == "list page:2"
    assert message.text == "Found 2 papers."


def test_nothing_to_say_is_no_message() -> None:
    assert render(Reply("")) == []
    assert render(Reply(" \n\u200b\n")) == []


@pytest.mark.parametrize("more", ["x" * 2_001, ""])
def test_a_page_that_no_button_can_name_has_none(more: str) -> None:
    [message] = render(Reply("Some.", more=more))
    assert [block["type"] for block in message.blocks] == ["section"]


@given(st.lists(st.text(alphabet="ab &<*:_", max_size=400), max_size=120))
@settings(max_examples=60)
def test_a_long_reply_goes_on_in_further_messages_and_loses_nothing(lines: list[str]) -> None:
    text = "\n".join(lines)
    messages = render(Reply(text))
    assert all(valid(message) for message in messages)
    shown = said(messages).replace("&lt;", "<").replace("&amp;", "&").replace("∗", "*").replace("∶", ":")
    assert shown.replace("ˍ", "_").split() == tidy(text).split()


@given(st.sampled_from(["a", "a ", "&", "`word` ", "&& "]), st.integers(min_value=1, max_value=6_000))
def test_a_line_longer_than_a_section_is_cut_between_words(piece: str, times: int) -> None:
    text = (piece * times)[:6_000]
    messages = render(Reply(text))
    assert all(valid(message) for message in messages)
    shown = said(messages).replace("&amp;", "&")
    assert "".join(shown.split()) == "".join(tidy(text, 6_000).split())
    assert all(part.count("`") % 2 == 0 for message in messages for part in texts(message.blocks))


def test_a_hundred_papers_fit() -> None:
    papers = tuple(
        Entry(number, make_paper(f"2603.{number:05}", title="&" * 900), ("word",) * 20) for number in range(1, 101)
    )
    messages = render(Reply("Many.", papers=papers, back="saved page:1"))
    assert all(valid(message) for message in messages)
    assert all(f"2603.{number:05}|" in said(messages) for number in range(1, 101))
    assert messages[-1].blocks[-1]["type"] == "actions"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_a_reply_does_anything(hostile: str) -> None:
    clean = hostile.replace("`", "'")
    messages = render(Reply(f"No watch here is called {clean}.", footer=clean))
    assert not DOES_SOMETHING.search(said(messages))
    assert not set(messages[0].text) & set("<>")
