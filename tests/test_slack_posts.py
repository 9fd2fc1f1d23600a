"""Digests, cards and notices as Slack messages: within the limits, lossless, harmless."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.blocks import MOST_BLOCKS, MOST_CHARACTERS, Message, characters
from adapters.slack.chat import SlackChat
from adapters.slack.posts import render
from bot.digest import compose
from bot.models import Channel, ChannelRef, Delivery, Entry, Layout, Paper, Post, PostKind, Receipt
from tests.factories import make_paper
from tests.slack_kit import texts
from tests.standins.slack_blocks import check_message
from tests.test_slack_text import DOES_SOMETHING, HOSTILE

REF = ChannelRef("slack", "T0LAB", "C0READING")
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
LINK = re.compile(r"<https://arxiv\.org/abs/[\w./-]+\|([^<>|]*)>")
OURS = re.compile(r":(?:one|two|three|four|five|six|seven|eight|nine|keycap_ten|bookmark):|\*(\d+\.)?\*?|`[^`]*`")


def digest(*papers: Paper, words: tuple[str, ...] = ("RLHF",), first: int = 1, **more: object) -> Post:
    entries = tuple(Entry(number, paper, words) for number, paper in enumerate(papers, first))
    values = {"heading": "2 new papers · Wednesday 4 March 2026", "receipt": Receipt(1_203, 1_203, 4)} | more
    return Post("k" * 24, REF, PostKind.DIGEST, entries=entries, **values)  # type: ignore[arg-type]


def card(paper: Paper, words: tuple[str, ...] = ("RLHF",)) -> Post:
    return Post("c" * 24, REF, PostKind.CARD, entries=(Entry(1, paper, words),), receipt=Receipt(10, 10, 1))


def valid(message: Message) -> bool:
    """Whether Slack takes it, with the room that we keep beyond."""
    assert len(message.blocks) <= MOST_BLOCKS
    assert sum(characters(block) for block in message.blocks) <= MOST_CHARACTERS
    assert 0 < len(message.text) <= 4_000
    return check_message(message.text, message.blocks) is None


def everything(message: Message) -> str:
    return "\n".join(texts(message.blocks))


def test_proposals_stand_below_their_heading_with_their_reason() -> None:
    proposed = Entry(2, make_paper("2603.00002", title="Second"), because="because you saved “<First> & last”")
    post = replace(
        digest(make_paper()), entries=(Entry(1, make_paper(), ("RLHF",)), proposed, replace(proposed, number=3))
    )
    message = render(post)
    assert valid(message)
    first = next(block for block in message.blocks if block["type"] == "context")
    assert first["elements"][0]["text"] == "*More like what this channel saves*"
    assert message.blocks[3]["text"]["text"] == (
        ":two: *<https://arxiv.org/abs/2603.00002|Second>*\n"
        "Ada Post and Émile Café · cs.CL · because you saved “&lt;First&gt; &amp; last”"
    )
    assert everything(message).count("More like what this channel saves") == 1


def test_a_digest_says_what_matched_and_what_to_do() -> None:
    message = render(digest(make_paper(), make_paper("2603.00002", title="Second")))
    assert message.blocks[0]["text"]["text"] == "2 new papers · Wednesday 4 March 2026"
    assert message.blocks[1]["text"]["text"] == (
        ":one: *<https://arxiv.org/abs/2603.00001|A study of careful delivery>*\n"
        "Ada Post and Émile Café · cs.CL · matched `RLHF`"
    )
    assert message.blocks[2]["text"]["text"].startswith(":two: *<https://arxiv.org/abs/2603.00002|Second>*")
    assert "1,203 announced" in everything(message)
    assert "React with a paper's number to save it" in everything(message)
    assert message.text.splitlines() == [
        "2 new papers · Wednesday 4 March 2026", "1. A study of careful delivery", "2. Second",
    ]  # fmt: skip


def test_a_digest_of_one_paper_is_saved_like_a_card() -> None:
    assert "React with :bookmark: to save it." in everything(render(digest(make_paper())))


def test_in_further_parts_the_keycap_counts_within_the_message_and_the_number_goes_on() -> None:
    message = render(digest(make_paper(), make_paper("2603.00002"), first=11, part=2, parts=3))
    assert message.blocks[0]["text"]["text"].endswith("(2 of 3)")
    shown = [block["text"]["text"] for block in message.blocks[1:3]]
    assert shown[0].startswith(":one: *11.* *<")
    assert shown[1].startswith(":two: *12.* *<")


def test_late_papers_and_notes_are_named() -> None:
    entry = Entry(1, make_paper(), ("RLHF",), late=True, note="now with a journal reference")
    shown = everything(render(Post("k" * 24, REF, PostKind.DIGEST, "Late", (entry,))))
    assert "announced earlier, readable only now" in shown
    assert "now with a journal reference" in shown


def test_a_card_has_the_abstract_its_comment_and_all_categories() -> None:
    paper = make_paper(abstract="We count in $\\mathbb{N}$. " * 60, comment="14 pages, $\\alpha$ version")
    message = render(card(paper))
    shown = everything(message)
    assert valid(message)
    assert "We count in ℕ." in shown
    assert "…" in shown
    assert "Comment: 14 pages, α version" in shown
    assert "cs.CL, cs.LG" in shown


def test_a_notice_is_said_with_its_commands() -> None:
    post = Post("n" * 24, REF, PostKind.NOTICE, text="Paused. Type `/papers resume` to go on; *not* <!channel>.")
    message = render(post)
    assert everything(message) == "Paused. Type `/papers resume` to go on; ∗not∗ &lt;!channel&gt;."
    assert message.text == "Paused. Type `/papers resume` to go on; *not* &lt;!channel&gt;."
    assert valid(render(Post("n" * 24, REF, PostKind.NOTICE)))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_a_paper_or_query_does_anything(hostile: str) -> None:
    paper = make_paper(title=hostile, abstract=hostile, authors=(hostile, hostile), comment=hostile)
    for post in (digest(paper, paper, words=(hostile,), heading=hostile), card(paper, words=(hostile,))):
        message = render(post)
        assert valid(message)
        assert not set(message.text) & set("<>")
        for block in message.blocks:
            if block["type"] == "header":
                assert block["text"]["type"] == "plain_text"
                assert block["text"]["emoji"] is False
                continue
            for text in texts(block):
                strangers = OURS.sub("", LINK.sub(r"\1", text))
                assert not DOES_SOMETHING.search(strangers), strangers


SIZES = st.sampled_from([0, 1, 30, 200, 1_000, 3_000])
LETTERS = st.sampled_from(["a", "word ", "&", "<", "*", "𝒜", "`", "e\u0301", ":a:", "$x$ "])


class Large(NamedTuple):
    """A paper by what it is made of: whatever is shown of a failure stays short."""

    number: int
    title: tuple[str, int]
    abstract: tuple[str, int]
    author: tuple[str, int]
    authors: int
    comment: tuple[str, int]

    def paper(self) -> Paper:
        title, abstract, author, comment = (
            (letter * times)[:3_000] for letter, times in (self.title, self.abstract, self.author, self.comment)
        )
        return make_paper(
            f"2603.{self.number:05}",
            title=title,
            abstract=abstract,
            authors=(author,) * self.authors,
            comment=comment or None,
            categories=("cs.CL",) * self.authors,
        )


TEXTS = st.tuples(LETTERS, SIZES)
LARGE = st.builds(
    Large,
    st.integers(min_value=1, max_value=99_999),
    TEXTS,
    TEXTS,
    TEXTS,
    st.integers(min_value=1, max_value=40),
    TEXTS,
)


@given(
    st.lists(LARGE, min_size=1, max_size=10), st.lists(LETTERS, max_size=30), LETTERS.map(lambda letter: letter * 100)
)
@settings(max_examples=60)
def test_every_message_is_within_the_limits(large: list[Large], words: list[str], heading: str) -> None:
    papers = [each.paper() for each in large]
    matched = tuple(word * 60 for word in words)
    message = render(digest(*papers, words=matched, heading=heading, part=3, parts=4))
    assert valid(message)
    shown = everything(message)
    for paper in papers:
        assert f"<{paper.abstract_url}|" in shown, "a paper was lost"
    assert all(valid(render(card(paper, words=matched))) for paper in papers)


@given(st.lists(LARGE, min_size=1, max_size=35, unique_by=lambda large: large.number))
@settings(max_examples=30)
def test_a_long_digest_is_split_and_nothing_of_it_is_lost(large: list[Large]) -> None:
    papers = [each.paper() for each in large]
    channel = Channel(REF, "reading", "daily 09:00 UTC", Layout.DIGEST, NOW)
    deliveries = [Delivery(number, REF, paper, ("rlhf",), late=number % 5 == 0) for number, paper in enumerate(papers)]
    parts = compose(channel, deliveries, Receipt(1_000, 1_000, len(papers)), SlackChat.limits, NOW)
    messages = [render(post) for post in parts]
    assert all(valid(message) for message in messages)
    found = [url for message in messages for url in re.findall(r"<(https://arxiv[^|]+)\|", everything(message))]
    assert sorted(found) == sorted(paper.abstract_url for paper in papers)
    for message in messages:
        menus = [block for block in message.blocks if "accessory" in block]
        assert 1 <= len(menus) <= 10, "more papers than keycaps"


def test_an_ordinary_digest_is_shown_whole() -> None:
    papers = [
        make_paper(f"2603.{number:05}", title=f"{number} " + "Long words in a title of usual length " * 3)
        for number in range(1, 11)
    ]
    shown = everything(render(digest(*papers)))
    assert "…" not in shown
    assert all(paper.title.strip() in shown for paper in papers)
