"""Strangers' text on Slack: it shows what was written, and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.text import clipped, escaped, inert, linked, mrkdwn, plain, title_of, with_code

HOSTILE = [
    "<!channel> <!here> <!everyone> read this",
    "<@U0ANN> and <#C0READING> and <!subteam^S1>",
    "<https://evil.example|arXiv>",
    "*bold* _slanted_ ~struck~ `code` ```block```",
    "> quoted\n>>> and all that follows",
    ":rotating_light: :one: now",
    "&lt;!channel&gt; &amp;lt;@U0ANN&amp;gt;",
    "a*b*c _d_e ~f ~g~ `",
    "<!date^1392734382^{date}|now>",
    "|<>|&*_~`:a:",
]

# What Slack would act upon: https://docs.slack.dev/messaging/formatting-message-text
DOES_SOMETHING = re.compile(
    r"<|>|\*|~|`"  # brackets and formatting, wherever they stand
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore at a word's end
    r"|:[^\s:∶]+:"  # an emoji
    r"|^\s*&gt;"  # a quotation
    r"|&(?!amp;|lt;|gt;)",  # an escape of the writer's own
    re.MULTILINE,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing(text: str) -> None:
    assert not DOES_SOMETHING.search(inert(text))


@given(st.text(alphabet="<>&*_~`:|!@# \nab1^", max_size=40) | st.text(max_size=40))
def test_no_text_does_anything(text: str) -> None:
    assert not DOES_SOMETHING.search(inert(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R&D in 3 < 4", "R&amp;D in 3 &lt; 4"),
        ("a file_name_here stays", "a file_name_here stays"),
        ("at 09:00, or 10:30", "at 09:00, or 10:30"),
        ("ratio 2:1:1 :", "ratio 2∶1:1 :"),
        ("A* and E=mc²", "A∗ and E=mc²"),
        ("x > y", "x &gt; y"),
    ],
)
def test_ordinary_text_stays_readable(text: str, expected: str) -> None:
    assert inert(text) == expected


def test_what_can_be_typed_is_code_and_the_rest_is_inert() -> None:
    assert with_code("Type `/papers watch a*b <x>` for *more*") == "Type `/papers watch a*b &lt;x&gt;` for ∗more∗"
    assert with_code("`` nothing ``") == " nothing "
    assert with_code(":smile``:") == "∶smile:"
    assert "`" not in with_code("one ` alone")


@given(st.text(alphabet="<>&*_`: ab\n", max_size=60))
def test_back_quotes_come_in_pairs_and_hold_no_brackets(text: str) -> None:
    shown = with_code(text)
    parts = shown.split("`")
    assert len(parts) % 2 == 1
    assert not any(DOES_SOMETHING.search(part) for part in parts[::2])
    assert not any(set(part) & set("<>") for part in parts[1::2])


@given(st.text(alphabet="<>&*_`: ab", max_size=200), st.integers(min_value=1, max_value=80), st.booleans())
def test_a_cut_is_seen_and_leaves_nothing_open(text: str, most: int, code: bool) -> None:
    shown = clipped(text, most, code=code)
    assert len(shown) <= most
    whole = with_code(text) if code else inert(text)
    assert shown == whole or shown == "" or shown.endswith("…")
    assert re.fullmatch(r"(?:[^&]|&amp;|&lt;|&gt;)*", shown), "an escape was cut"


@given(st.text(max_size=300), st.integers(min_value=40, max_value=300))
def test_a_link_leads_where_we_say(label: str, most: int) -> None:
    link = linked("https://arxiv.org/abs/2603.00001", label, most)
    assert len(link) <= most
    target, bar, shown = link.removeprefix("<").removesuffix(">").partition("|")
    assert link[0] == "<"
    assert link[-1] == ">"
    assert target == "https://arxiv.org/abs/2603.00001"
    assert bool(bar) == bool(shown)
    assert not set(shown) & set("<>|")


@pytest.mark.parametrize("title", ["", " \u200b\u2066 ", "\\label{x}", "\n"])
def test_a_title_that_shows_nothing_has_a_name(title: str) -> None:
    assert title_of(title) == "(untitled)"


def test_titles_are_readable() -> None:
    assert title_of("An $\\varepsilon$-greedy\n  walk in $\\mathbb{R}^2$ \u202eevil") == "An ε-greedy walk in ℝ² evil"


def test_links_and_names_are_never_found_by_slack_itself() -> None:
    assert mrkdwn("https://evil.example #general")["verbatim"] is True
    assert plain(":smile:", 20) == {"type": "plain_text", "text": ":smile:", "emoji": False}


@given(st.text(max_size=100), st.integers(min_value=2, max_value=60))
def test_plain_text_fits_and_is_never_empty(text: str, most: int) -> None:
    shown = plain(text, most)["text"]
    assert 1 <= len(shown) <= most


def test_only_three_characters_are_escaped() -> None:
    assert escaped("<&>\"'*") == "&lt;&amp;&gt;\"'*"
