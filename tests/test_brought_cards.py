"""The card of a paper that a member brought, on every platform: who brought it and why; no comment does anything."""

from __future__ import annotations

import pytest

from adapters.console.render import paint, post_lines
from adapters.discord.posts import heading
from adapters.discord.posts import render as discord_message
from adapters.slack.posts import render as slack_message
from bot.models import Entry, Post, PostKind
from tests import test_discord_rendering as discord_rules
from tests import test_slack_posts as slack_rules
from tests.factories import CHANNEL, make_paper
from tests.test_slack_text import DOES_SOMETHING, HOSTILE


def brought(comment: str, name: str = "ann") -> Post:
    return Post("k" * 24, CHANNEL, PostKind.CARD, f"{name} brought this paper", (Entry(0, make_paper()),), text=comment)


def test_in_the_console() -> None:
    said = paint(post_lines(brought("Worth reading"), None), colour=False)
    assert said.startswith("ann brought this paper\n\nWorth reading\n\n  - A study of careful delivery\n")
    assert "We deliver every letter exactly once" in said
    assert "\x1b" not in paint(post_lines(brought("\x1b[2J", "\x1b[1m"), None), colour=False)


def test_on_slack() -> None:
    message = slack_message(brought("Worth reading"))
    assert message.blocks[0]["text"]["text"] == "*ann brought this paper*\nWorth reading"
    assert message.blocks[1]["text"]["text"].startswith("*<https://arxiv.org/abs/2603.00001|A study of careful")
    assert message.text == "ann brought this paper\nWorth reading\nA study of careful delivery"
    assert slack_message(brought("")).blocks[0]["text"]["text"] == "*ann brought this paper*"


def test_on_discord() -> None:
    message = discord_message(brought("Worth reading"))
    assert message.content == "**ann brought this paper**\nWorth reading"
    assert message.embeds[0].url == "https://arxiv.org/abs/2603.00001"
    assert [button.label for button in message.rows[0]] == ["Abstract", "Save", "PDF", "Not for us"]
    assert discord_message(brought("")).content == "**ann brought this paper**"
    assert heading(brought("Worth reading")) == "A study of careful delivery"


@pytest.mark.parametrize("hostile", [*HOSTILE, "&" * 300, "*" * 300])
def test_a_hostile_comment_does_nothing_on_slack(hostile: str) -> None:
    message = slack_message(brought(hostile, hostile[:40]))
    assert slack_rules.valid(message)
    said = message.blocks[0]["text"]["text"]
    title, _, comment = said.partition("\n")
    assert not DOES_SOMETHING.search(title[1:-1])
    assert not DOES_SOMETHING.search(comment)


@pytest.mark.parametrize("hostile", [*discord_rules.HOSTILE, "`" * 300, "> " * 150])
def test_a_hostile_comment_does_nothing_on_discord(hostile: str) -> None:
    message = discord_message(brought(hostile, hostile[:40]))
    assert discord_rules.valid(message)
    title, _, comment = message.content.partition("\n")
    assert not discord_rules.DOES_SOMETHING.search(title[2:-2])
    assert not discord_rules.DOES_SOMETHING.search(comment)
