"""Posts and replies as Discord messages: within the limits, lossless, harmless, with the post's key in a button."""

from __future__ import annotations

import gc
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord import posts, replies
from adapters.discord.buttons import PaperItem, custom_id, is_known, key_of, view_of
from adapters.discord.chat import DiscordChat
from adapters.discord.messages import CommandButton, LinkButton, Message, PaperButton
from adapters.discord.text import clipped, inert, title_of, with_code
from adapters.slack.posts import render as slack_render
from bot.commands.saying import tidy
from bot.conversation import Reply
from bot.digest import compose
from bot.models import Channel, ChannelRef, Delivery, Entry, Layout, Paper, Post, PostKind, Receipt, Similar
from tests.factories import make_paper, make_signal
from tests.standins.discord_limits import check_message
from tests.test_slack_posts import LARGE, Large
from tests.test_slack_posts import valid as slack_valid

REF = ChannelRef("discord", "1", "2")
BECAUSE = "because you saved “*x* @everyone”"
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
KEY = "a" * 24

HOSTILE = [
    "@everyone @here",
    "<@123> <@!123> <@&123> <#123> </papers:1> <t:1> <:a:1> <a:b:1> <id:home>",
    "[arXiv](https://evil.example) [a](<https://evil.example>)",
    "**bold** *slanted* __under__ _it_ ~~struck~~ ||spoiler|| `code` ```block```",
    "# heading",
    "-# small print",
    "> quotation",
    ">>> all of it",
    "- list",
    "1. list",
    "\\*escaped\\* \\<@123>",
    ":smile: :one:",
    "https://evil.example HTTP://evil.example discord://evil discord.gg/evil discordapp.com/evil",
    "https://arxiv.org@evil.example https://arxiv.org.evil.example/ https://arxiv.orgevil.example/abs",
]
DOES_SOMETHING = re.compile(
    r"\*|~|`|\||\\"
    r"|(?<![^\W_])_|_(?![^\W_])"
    r"|<(?=[@#:t/ia])|@(?=everyone|here)|\](?=\()"
    r"|:[^\s:∶]+:|://(?!(?:arxiv|doi)\.org/)|discord\.gg/|discordapp\.com/"
    r"|^\s*(?:#{1,3}\s|-#|[-+]\s|\d+\.\s|>)",
    re.MULTILINE | re.IGNORECASE,
)
OURS = re.compile(r"`[^`]*`")


def body(message: Message) -> dict[str, object]:
    """As discord.py would send it."""
    rows = [
        {
            "type": 1,
            "components": [
                {"type": 2, "style": 5, "label": button.label, "url": button.url}
                if isinstance(button, LinkButton)
                else {"type": 2, "style": 2, "label": button.label, "custom_id": custom_id(button)}
                for button in row
            ],
        }
        for row in message.rows
    ]
    return {"content": message.content, "embeds": [each.to_dict() for each in message.embeds], "components": rows}


def valid(message: Message) -> bool:
    assert check_message(body(message)) is None, check_message(body(message))
    return True


def said(message: Message) -> str:
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or "", embed.footer.text or ""]
    return "\n".join(part for part in parts if part)


def digest(*papers: Paper, words: tuple[str, ...] = ("RLHF",), first: int = 1, **more: object) -> Post:
    entries = tuple(Entry(number, paper, words) for number, paper in enumerate(papers, first))
    values = {"heading": "2 new papers · Wednesday 4 March 2026", "receipt": Receipt(1_203, 1_203, 4)} | more
    return Post(KEY, REF, PostKind.DIGEST, entries=entries, **values)  # type: ignore[arg-type]


def card(paper: Paper, words: tuple[str, ...] = ("RLHF",)) -> Post:
    return Post(KEY, REF, PostKind.CARD, entries=(Entry(1, paper, words),))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing(text: str) -> None:
    assert not DOES_SOMETHING.search(inert(text))


@given(st.text(alphabet="*_~`|\\<>@#:()[]-1. \nevryohtab&", max_size=40) | st.text(max_size=40))
def test_no_text_does_anything(text: str) -> None:
    assert not DOES_SOMETHING.search(inert(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a file_name stays", "a file_name stays"),
        ("R&D at 09:00 < 10:30", "R&D at 09:00 < 10:30"),
        ("x > y, f(x) [1]", "x > y, f(x) [1]"),
        ("C# and #cs.CL", "C# and #cs.CL"),
        ("ann@lab.example", "ann@lab.example"),
    ],
)
def test_ordinary_text_stays_as_it_is(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_code_and_cuts() -> None:
    assert with_code("Type `/papers watch a*b` for *more*") == "Type `/papers watch a*b` for ∗more∗"
    assert clipped("a *b* c " * 10, 12).endswith("…")
    assert title_of("$\\alpha$\u202e x") == "α x"
    assert title_of("\n") == "(untitled)"


def test_a_digest_says_what_matched_and_what_to_do() -> None:
    message = posts.render(digest(make_paper(), make_paper("2603.00002", title="Second")))
    assert valid(message)
    assert message.content == "**2 new papers · Wednesday 4 March 2026**"
    first, second = message.embeds
    assert first.title == "1\ufe0f\u20e3 A study of careful delivery"
    assert first.url == "https://arxiv.org/abs/2603.00001"
    assert first.description == "Ada Post and Émile Café · cs.CL · matched `RLHF`"
    assert "1,203 announced" in str(second.footer.text)
    assert "React with a paper's number to save it" in str(second.footer.text)
    assert [button.label for row in message.rows for button in row] == ["1", "2"]


def test_a_card_has_the_abstract_and_all_that_can_be_done() -> None:
    message = posts.render(card(make_paper(abstract="We count in $\\mathbb{N}$.", comment="9 pages")))
    assert valid(message)
    assert "We count in ℕ." in said(message)
    assert "Comment: 9 pages" in said(message)
    assert [button.label for button in message.rows[0]] == ["Abstract", "Save", "PDF", "Not for us"]


def test_every_post_carries_its_key() -> None:
    for post in (digest(make_paper()), digest(make_paper(), make_paper("2603.2")), card(make_paper()),
                 Post(KEY, REF, PostKind.NOTICE, text="A word."), Post(KEY, REF, PostKind.NOTICE)):  # fmt: skip
        for message in (posts.render(post), posts.render(post).plain(post.key)):
            assert valid(message)
            ids = [custom_id(button) for row in message.rows for button in row if not isinstance(button, LinkButton)]
            assert {key_of(identity) for identity in ids} == {KEY}
            assert all(is_known(identity) for identity in ids)


def test_a_title_longer_than_discord_takes_goes_on_below() -> None:
    title = "An endless title of many words " * 12
    (embed,) = posts.render(digest(make_paper(title=title))).embeds
    assert embed.title is not None
    assert embed.description is not None
    whole = embed.title.split(" ", 1)[1].removesuffix("…") + " " + embed.description.split("\n")[0].removeprefix("…")
    assert " ".join(whole.split()) == title.strip()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_a_paper_or_query_does_anything(hostile: str) -> None:
    paper = make_paper(title=hostile, abstract=hostile, authors=(hostile, hostile), comment=hostile)
    for post in (digest(paper, make_paper("2603.2"), words=(hostile,)), card(paper, words=(hostile,))):
        message = posts.render(post)
        assert valid(message)
        for embed in message.embeds:
            for text in (embed.title or "", embed.description or ""):
                for line in OURS.sub("", text).splitlines():
                    # Our own mark-up stands before it, or a text of ours.
                    assert not DOES_SOMETHING.search(line), line


@given(st.lists(LARGE, min_size=1, max_size=10, unique_by=lambda large: large.number), st.lists(st.text(max_size=80)))
@settings(max_examples=60)
def test_every_message_is_within_the_limits(large: list[Large], words: list[str]) -> None:
    papers = [each.paper() for each in large]
    message = posts.render(digest(*papers, words=tuple(words), part=3, parts=4))
    assert valid(message)
    assert [embed.url for embed in message.embeds] == [paper.abstract_url for paper in papers]
    assert all(valid(posts.render(card(paper, words=tuple(words)))) for paper in papers)
    long = "A very long word " * 100
    signal = make_signal(organisation=long, summary=long, keywords=(long,) * 20, project="https://letters.example/")
    assert all(valid(replies.abstract(paper, signal)) for paper in papers)


def test_an_abstract_has_what_the_community_makes_of_the_paper() -> None:
    signal = make_signal(
        comments=2, repository="https://github.com/lab/letters", stars=412, project="https://letters.example/",
        organisation="*THUDM*", summary="@everyone in `short`.",
    )  # fmt: skip
    message = replies.abstract(make_paper(), signal)
    assert valid(message)
    shown = said(message)
    assert "▲ 87 on Hugging Face · code ★ 412 · ∗THUDM∗ · 2 comments (read on" in shown
    assert "AI summary, by Hugging Face and not by the authors: @\u2060everyone in 'short'." in shown
    links = [(button.label, button.url) for button in message.rows[1] if isinstance(button, LinkButton)]
    assert links == [
        ("Code", signal.repository),
        ("Project page", signal.project),
        ("Hugging Face", "https://huggingface.co/papers/2603.00001"),
    ]


@given(st.lists(LARGE, min_size=1, max_size=35, unique_by=lambda large: large.number))
@settings(max_examples=30)
def test_a_long_digest_is_split_and_nothing_of_it_is_lost(large: list[Large]) -> None:
    papers = [each.paper() for each in large]
    channel = Channel(REF, "reading", "daily 09:00 UTC", Layout.DIGEST, NOW)
    deliveries = [Delivery(number, REF, paper, ("rlhf",)) for number, paper in enumerate(papers)]
    parts = compose(channel, deliveries, Receipt(1_000, 1_000, len(papers)), DiscordChat.limits, NOW)
    messages = [posts.render(post) for post in parts]
    assert all(valid(message) for message in messages)
    found = [embed.url for message in messages for embed in message.embeds]
    assert sorted(str(url) for url in found) == sorted(paper.abstract_url for paper in papers)


@given(st.lists(st.text(alphabet="ab &<*:_", max_size=400), max_size=60))
@settings(max_examples=40)
def test_a_long_reply_goes_on_in_further_messages_and_loses_nothing(lines: list[str]) -> None:
    text = "\n".join(lines)
    messages = replies.render(Reply(text))
    assert all(valid(message) for message in messages)
    shown = "\n".join(message.content for message in messages).replace("\u2060", "")
    twins = str.maketrans({"∗": "*", "∶": ":", "ˍ": "_"})
    assert shown.translate(twins).split() == tidy(text).split()


def test_a_reply_is_text_papers_footer_and_buttons() -> None:
    papers = tuple(Entry(0, make_paper(f"2603.{number:05}"), note="saved by ann") for number in range(1, 24))
    messages = replies.render(Reply("Found.", papers=papers, footer="That is all.", back="list page:1", more="x" * 80))
    assert all(valid(message) for message in messages)
    assert [len(message.embeds) for message in messages] == [10, 10, 3, 0]
    # Embeds of the same address show once.
    assert all(len({embed.url for embed in message.embeds}) == len(message.embeds) for message in messages)
    assert messages[0].content == "Found."
    assert messages[-1].content == f"That is all.\nMore ▶: `/papers {'x' * 80}`"
    assert [button.label for button in messages[-1].rows[0]] == ["◀ Back"]
    assert replies.render(Reply("")) == []


@given(st.text(max_size=200))
def test_no_id_is_too_long_or_misread(text: str) -> None:
    assert key_of(text) == "" or text.endswith(key_of(text))
    for button in (PaperButton("abstract", "hep-th/9901001", "x", KEY), CommandButton("x" * 60, "x", KEY)):
        assert len(custom_id(button)) <= 100
        assert key_of(custom_id(button)) == KEY


async def test_no_view_times_out_or_holds_what_would_be_remembered() -> None:
    shown = [
        posts.render(digest(make_paper())),
        posts.render(digest(make_paper(), make_paper("2603.00002"))),
        posts.render(card(make_paper())),
        posts.render(Post(KEY, REF, PostKind.NOTICE, text="A word.")),
        posts.render(card(make_paper())).plain(KEY),
        replies.abstract(make_paper()),
        *replies.render(Reply("A list.", more="list page:2", back="list")),
    ]
    for message in shown:
        view, again = view_of(message), view_of(message)
        assert view is not None
        assert view is not again
        assert view.timeout is None
        assert view.is_finished()
        assert not view.children
        buttons = [button for row in view.to_components() for button in row["components"]]
        assert len(buttons) == sum(map(len, message.rows)) > 0
        for button in buttons:
            assert "url" in button or is_known(button["custom_id"])


async def test_what_was_shown_leaves_nothing_to_the_garbage_collector() -> None:
    message = posts.render(digest(make_paper(), make_paper("2603.00002")))
    gc.collect()
    gc.disable()
    before = _items()
    try:
        for _ in range(3):
            view = view_of(message)
            assert view is not None
            view.to_components()
        del view
        assert _items() == before
    finally:
        gc.enable()


def _items() -> int:
    return sum(isinstance(each, PaperItem) for each in gc.get_objects())


def test_proposals_stand_below_their_heading_with_their_reason() -> None:
    entries = [Entry(1, make_paper(), ("RLHF",))]
    entries += [Entry(number, make_paper(f"2603.0000{number}"), because=BECAUSE) for number in (2, 3)]
    message = posts.render(Post(KEY, REF, PostKind.DIGEST, "1 new paper", tuple(entries), Receipt(9, 9, 1)))
    assert valid(message)
    assert [each.author.name for each in message.embeds] == [None, "More like what this channel saves", None]
    assert (message.embeds[1].description or "").endswith(f" · {inert(BECAUSE)}")


@given(st.lists(LARGE, min_size=4, max_size=20, unique_by=lambda large: large.number))
@settings(max_examples=20, deadline=None)
def test_a_digest_with_proposals_is_within_the_limits_by_construction(large: list[Large]) -> None:
    papers = [each.paper() for each in large]
    channel = Channel(REF, "x", "off UTC", Layout.DIGEST, NOW)
    deliveries = [Delivery(number, REF, paper, ("x",)) for number, paper in enumerate(papers[3:], 1)]
    proposals = [Similar(paper, "because you saved " + "“word” " * 12) for paper in papers[:3]]
    made = compose(channel, deliveries, Receipt(9, 9, 1), DiscordChat.limits, NOW, proposals=proposals)
    assert [entry.number for post in made for entry in post.entries] == list(range(1, len(papers) + 1))
    for post in made:
        assert valid(posts.render(post))
        assert slack_valid(slack_render(post))
