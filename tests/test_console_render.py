"""Posts and replies as text: whole, at several widths, with hostile papers."""

from __future__ import annotations

import unicodedata
from textwrap import dedent

import pytest

from adapters.console.render import Tone, paint, post_lines, reply_lines
from adapters.console.wrapping import cells
from bot.conversation import Reply
from bot.models import Entry, Paper, Post, PostKind, Receipt
from tests.factories import CHANNEL, make_paper

LONG = "Learning $\\alpha$-stable policies with \\emph{care}: a rather long title that is wrapped on most terminals"
MANY = tuple(f"Author {number}" for number in range(1, 13))


def digest(*entries: Entry, part: int = 1, parts: int = 1, receipt: Receipt | None = None) -> Post:
    heading = "2 new papers · Wednesday 4 March 2026"
    return Post("k" * 24, CHANNEL, PostKind.DIGEST, heading, entries, receipt, part=part, parts=parts)


def card(entry: Entry, thread_of: str | None = None, receipt: Receipt | None = None) -> Post:
    return Post("k" * 24, CHANNEL, PostKind.CARD, entries=(entry,), thread_of=thread_of, receipt=receipt)


def shown(post: Post | Reply, columns: int | None = None, *, colour: bool = False) -> str:
    lines = post_lines(post, columns) if isinstance(post, Post) else reply_lines(post, columns)
    return paint(lines, colour=colour)


def text(expected: str) -> str:
    """An expected block as it stands in a test, with the empty line after it."""
    return dedent(expected).lstrip("\n").rstrip() + "\n\n"


FIRST = Entry(1, make_paper(title=LONG), ("policies", "care"))
SECOND = Entry(2, make_paper("2603.00002", authors=MANY), tuple("abcdefghij"), late=True)


def test_proposals_stand_below_their_heading_with_their_reason() -> None:
    proposed = Entry(3, make_paper("2603.00003"), because="because you saved “A study”")
    assert shown(digest(FIRST, proposed), 60).endswith(
        text(
            """
            More like what this channel saves

             3. A study of careful delivery
                Ada Post and Émile Café · cs.CL · because you saved “A
                study”
                https://arxiv.org/abs/2603.00003
            """
        )
    )


def test_a_digest_on_a_terminal() -> None:
    post = digest(FIRST, SECOND, part=2, parts=3, receipt=Receipt(1205, 1203, 2, late=1))
    assert shown(post, 60) == text(
        """
        2 new papers · Wednesday 4 March 2026 (2 of 3)

         1. Learning α-stable policies with care: a rather long
            title that is wrapped on most terminals
            Ada Post and Émile Café · cs.CL · matched: policies,
            care
            https://arxiv.org/abs/2603.00001

         2. A study of careful delivery
            Author 1, Author 2, Author 3 and 9 others · cs.CL ·
            matched: a, b, c, d, e, f, g, h and 2 more · arrived
            late
            https://arxiv.org/abs/2603.00002

        1,205 announced, 1,203 checked (2 not readable yet, asked
        again), 2 matched; 1 arrived late.
        """
    )


def test_a_digest_on_a_pipe_is_not_wrapped() -> None:
    assert shown(digest(FIRST, receipt=Receipt(1203, 1203, 1))) == text(
        """
        2 new papers · Wednesday 4 March 2026

         1. Learning α-stable policies with care: a rather long title that is wrapped on most terminals
            Ada Post and Émile Café · cs.CL · matched: policies, care
            https://arxiv.org/abs/2603.00001

        1,203 announced, 1,203 checked, 1 matched.
        """
    )


def test_a_card_of_its_own_brings_the_abstract() -> None:
    entry = Entry(7, make_paper(abstract="We prove $\\beta$. " + "Much follows from it. " * 40))
    assert shown(card(entry, receipt=Receipt(10, 10, 1)), 80) == text(
        """
         7. A study of careful delivery
            Ada Post and Émile Café · cs.CL
            https://arxiv.org/abs/2603.00001
            We prove β. Much follows from it. Much follows from it. Much follows from
            it. Much follows from it. Much follows from it. Much follows from it. Much
            follows from it. Much follows from it. Much follows from it. Much follows
            from it. Much follows from it. Much follows from it. Much follows from it.
            Much follows from it. Much follows from it. Much follows from it. Much
            follows from it. Much follows from it. Much follows from it. Much follows
            from it. Much follows from it. Much…

        10 announced, 10 checked, 1 matched.
        """
    )


def test_a_card_in_a_thread_does_not_repeat_the_digest() -> None:
    entry = Entry(12, make_paper(abstract="We deliver. " * 30), ("deliver",), late=True)
    block = shown(card(entry, thread_of="d" * 24), 60)
    assert block == (
        "    12. A study of careful delivery\n"
        "        We deliver. We deliver. We deliver. We deliver. We\n"
        "        deliver. We deliver. We deliver. We deliver. We\n"
        "        deliver. We deliver. We deliver. We deliver. We\n"
        "        deliver. We deliver. We deliver. We deliver. We\n"
        "        deliver. We deliver. We deliver. We…\n\n"
    )


def test_a_notice() -> None:
    post = Post("k" * 24, CHANNEL, PostKind.NOTICE, "Paused", text="This channel is paused.\n`resume` goes on.")
    assert shown(post, 80) == "Paused\n\nThis channel is paused.\n`resume` goes on.\n\n"


def test_a_reply_with_papers() -> None:
    reply = Reply(
        "2 papers match `RLHF`.",
        papers=(Entry(0, make_paper(), note="3 saves"), Entry(0, make_paper("hep-th/9901001", categories=("hep-th",)))),
        footer="Newest first.",
        more="search page:2 RLHF",
    )
    assert shown(reply, 80) == text(
        """
        2 papers match `RLHF`.

          - A study of careful delivery
            Ada Post and Émile Café · cs.CL · 3 saves
            https://arxiv.org/abs/2603.00001

          - A study of careful delivery
            Ada Post and Émile Café · hep-th
            https://arxiv.org/abs/hep-th/9901001

        Newest first.

        More: `search page:2 RLHF`
        """
    )


def test_a_reply_keeps_its_table_and_wraps_what_is_too_long() -> None:
    reply = Reply(
        "Commands:\n"
        "  watch    make a watch\n"
        "  schedule set when posts come, in this channel's own zone\n"
        "- a long point that goes on for more than forty columns\n"
        "\n"
        "That is all.\n"
    )
    assert shown(reply, 40) == text(
        """
        Commands:
          watch    make a watch
          schedule set when posts come, in this
          channel's own zone
        - a long point that goes on for more
          than forty columns

        That is all.
        """
    )


def test_an_empty_reply_is_an_empty_line() -> None:
    assert shown(Reply(" \n \n")) == "\n"


def test_colour_decorates_and_says_nothing() -> None:
    post = digest(FIRST, receipt=Receipt(3, 3, 1))
    coloured = shown(post, 80, colour=True)
    assert coloured.startswith("\x1b[1m2 new papers · Wednesday 4 March 2026\x1b[0m\n\n\x1b[1m 1. Learning")
    assert "\x1b[2m3 announced, 3 checked, 1 matched.\x1b[0m\n" in coloured
    for code in (Tone.STRONG.value, Tone.FAINT.value, "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == shown(post, 80)


WIDE = "深度学习在图上的应用研究与更多的方法论讨论" * 4


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("title", [LONG, WIDE, "x" * 290, "🙂" * 60, "Z" + "\u0301" * 400, "word " * 50])
def test_lines_fit_the_terminal(columns: int, title: str) -> None:
    paper = make_paper(title=title, abstract=title * 9, authors=(title, "Ada Post"))
    entry = Entry(100, paper, (title, "word"), late=True)
    receipt = Receipt(1_000_205, 1_203, 2, late=1)
    thread = card(entry, "d" * 24)
    posts: list[Post | Reply] = [digest(entry, receipt=receipt), card(entry), thread, Reply(title, papers=(entry,))]
    for post in posts:
        assert max(cells(line) for line in shown(post, columns).splitlines()) <= min(columns, 100)


def test_an_address_is_never_broken() -> None:
    paper = make_paper("cond-mat/9901001")
    assert "    https://arxiv.org/abs/cond-mat/9901001\n" in shown(digest(Entry(1, paper)), 24)
    assert shown(digest(Entry(1, paper)), 1) == shown(digest(Entry(1, paper)), 24), "no narrower than can be read"


HOSTILE = [
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred \u202egnp.exe\u2066 zero\u200bwidth \x00nul \x9b1m \r over",
    "\x1b" * 1000,
    "$\\char27$ \\x1b[31m ^^[ \\symbol{27}",
    "lone \ud800 surrogate",
    "`rm -rf ~`\n\n 2. A paper that is not there",
    "",
]


def hostile(words: str) -> Paper:
    return make_paper(words, title=words, abstract=words, authors=(words,), categories=(words,))


@pytest.mark.parametrize("columns", [40, None])
@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_that_is_printed_can_steer_the_terminal(words: str, columns: int | None) -> None:
    entry = Entry(1, hostile(words), (words,), (words,), note=words)
    posts: list[Post | Reply] = [
        digest(entry, receipt=Receipt(1, 1, 1)),
        card(entry),
        card(entry, "d" * 24),
        Post("k" * 24, CHANNEL, PostKind.NOTICE, words, text=words),
        Reply(words, papers=(entry,), footer=words, more=words),
    ]
    for post in posts:
        block = shown(post, columns)
        categories = {unicodedata.category(character) for character in block if character != "\n"}
        assert not categories & {"Cc", "Cf", "Cs"}
        block.encode()
    for line in shown(posts[0], columns).splitlines()[3:]:
        assert line == "" or line.startswith("    ") or line.endswith(" matched."), "a title cannot pose as another"


def test_a_paper_without_a_title_is_still_shown() -> None:
    assert shown(digest(Entry(1, hostile("\u200b")))).splitlines()[2] == " 1. (no title)"
    assert shown(card(Entry(1, make_paper(title=" ")), "d" * 24)).startswith("     1. (no title)\n")


def test_ten_megabytes_cost_no_more_than_a_line() -> None:
    entry = Entry(1, make_paper(title="{$" * 5_000_000, abstract="\\emph{" * 2_000_000), ("x" * 10_000_000,))
    block = shown(digest(entry)) + shown(card(entry))
    assert len(block) < 3_000
    assert "…" in block
