"""What every ``bot.ports.Chat`` must do, as tests to inherit.

A platform's test module subclasses ``ChatContract`` under a name that begins with ``Test``, gives the fixtures ``chat``
(started, closed again afterwards) and ``channel``, and ``shown``: all that people have been shown so far, as text. It
overrides ``harmless`` to say what a stranger's words must not turn into there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.conversation import Button, ChannelChange, Command, Home, Reaction, RecentPost, Reply, WorkspaceChange
from bot.digest import FRAME, entry_characters, post_key
from bot.models import Channel, ChannelRef, Entry, MemberRef, MessageRef, Post, PostKind, PostLimits, Receipt
from bot.ports import Chat
from tests.factories import make_paper, make_signal

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)

HOSTILE = (
    "<!channel> <!here> <@U012AB3CD> <#C012AB3CD> <https://evil.example|arXiv>",
    "@everyone @here <@&1234> [arXiv](https://evil.example) ||spoiler||",
    "*bold* _italic_ ~struck~ `code` ```block``` > quote\n# heading\n1. list",
    "\x1b[2J\x1b]0;owned\x07\x1b]8;;https://evil.example\x07click\x1b]8;;\x07 \x9b31m",
    "\u202egnp.exe \u2066isolate\u2069 zero\u200bwidth \ufeff\x00\x07\x08\r\n\tend",
    "&amp; <b>bold</b> <script>alert(1)</script> \"quotes\" 'quotes'",
    "lone \ud800 surrogate, e\u0301\u0302\u0303 marks, 漢字 \U0001f4a5",
    '$\\alpha$ \\emph{deep} {\\"o} 100% \\\\ unfinished $x^{2',
    "",
)


class UnusedHandler:
    """A handler for chats that are sent to, but to which nobody speaks."""

    def admit(self, member: MemberRef) -> Reply | None:
        raise AssertionError(member)

    async def command(self, command: Command) -> Reply:
        raise AssertionError(command)

    async def reaction(self, reaction: Reaction) -> Reply | None:
        raise AssertionError(reaction)

    async def button(self, button: Button) -> Reply:
        raise AssertionError(button)

    async def channel_changed(self, change: ChannelChange) -> None:
        raise AssertionError(change)

    async def workspace_changed(self, change: WorkspaceChange) -> None:
        raise AssertionError(change)

    async def home(self, member: MemberRef, visible: Collection[ChannelRef]) -> Home:
        raise AssertionError(member, visible)

    async def channels(self, platform: str, workspace: str | None = None) -> AsyncIterator[list[Channel]]:
        """Nothing is known."""
        yield []

    async def recent_posts(self, platform: str, now: datetime) -> AsyncIterator[list[RecentPost]]:
        """Nothing was posted before."""
        yield []

    async def reactions_read(self, platform: str, begun: datetime) -> None:
        """There were none."""


def make_entry(number: int, **changes: object) -> Entry:
    """An entry with everything in it that a platform may show."""
    paper = make_paper(f"2603.{number:05}", **({"title": f"The letter number {number}"} | changes))
    return Entry(number, paper, ("letter", "exactly once"), ("letter",), delivery=number)


def make_post(
    channel: ChannelRef,
    kind: PostKind,
    *entries: Entry,
    text: str = "",
    receipt: Receipt | None = None,
    thread: MessageRef | None = None,
    thread_of: str | None = None,
    part: int = 1,
    parts: int = 1,
) -> Post:
    """A post with the key that belongs to it."""
    return Post(
        key=post_key(channel, kind, entries, NOW, f"{text} {part}"),
        channel=channel,
        kind=kind,
        heading=f"{len(entries)} new papers · Wednesday 4 March 2026" if kind is PostKind.DIGEST else "",
        entries=entries,
        receipt=receipt,
        text=text,
        part=part,
        parts=parts,
        thread=thread,
        thread_of=thread_of,
    )


def fullest(limits: PostLimits) -> list[Entry]:
    """As many papers as a digest may have, with the longest titles that the limits let through."""
    signal = make_signal(upvotes=10**9, repository="https://github.com/a/b", stars=10**9, organisation="&" * 99)
    bare = [replace(make_entry(number, title=""), signal=signal) for number in range(1, limits.papers + 1)]
    room = limits.characters - FRAME - sum(entry_characters(entry, limits) for entry in bare)
    each = max(1, min(room // limits.papers, 1_000))
    titled = [make_entry(number, title=("&<>é" * each)[:each]) for number in range(1, limits.papers + 1)]
    return [replace(entry, signal=signal) for entry in titled]


class ChatContract:
    """Inherited by the tests of each platform."""

    @pytest.fixture
    def chat(self) -> Chat:
        raise NotImplementedError

    @pytest.fixture
    def channel(self) -> ChannelRef:
        raise NotImplementedError

    def shown(self, chat: Chat) -> str:
        """Everything that people were shown so far."""
        raise NotImplementedError

    def harmless(self, shown: str) -> None:
        """Assert that the hostile words in ``shown`` do nothing."""

    async def test_serves_the_platform_of_its_channels(self, chat: Chat, channel: ChannelRef) -> None:
        assert chat.platform == channel.platform

    async def test_limits_leave_room_for_a_paper(self, chat: Chat, channel: ChannelRef) -> None:
        assert chat.limits.papers >= 1
        assert chat.limits.interval >= 0
        assert chat.limits.characters >= FRAME + entry_characters(make_entry(1), chat.limits)

    async def test_a_sent_post_has_a_message_of_its_channel(self, chat: Chat, channel: ChannelRef) -> None:
        first = await chat.send(channel, make_post(channel, PostKind.NOTICE, text="One word."))
        second = await chat.send(channel, make_post(channel, PostKind.NOTICE, text="Another word."))
        assert first.channel == second.channel == channel
        assert first.message
        assert first.message != second.message

    async def test_finds_what_was_sent_by_its_key(self, chat: Chat, channel: ChannelRef) -> None:
        posts = [make_post(channel, PostKind.DIGEST, make_entry(number)) for number in (1, 2, 3)]
        sent = [await chat.send(channel, post) for post in posts]
        assert [await chat.find(channel, post) for post in posts] == sent

    async def test_finds_nothing_else(self, chat: Chat, channel: ChannelRef) -> None:
        entry = make_entry(1)
        sent = make_post(channel, PostKind.CARD, entry, text="sent")
        same_words_other_key = make_post(channel, PostKind.CARD, entry, text="not sent")
        assert await chat.find(channel, sent) is None
        await chat.send(channel, sent)
        assert await chat.find(channel, same_words_other_key) is None

    async def test_shows_what_a_digest_is_made_of(self, chat: Chat, channel: ChannelRef) -> None:
        entries = [make_entry(number) for number in (1, 2)]
        receipt = Receipt(announced=1205, checked=1203, matched=2)
        await chat.send(channel, make_post(channel, PostKind.DIGEST, *entries, receipt=receipt))
        shown = self.shown(chat)
        for expected in ("letter number 1", "letter number 2", "Ada Post", "cs.CL", "exactly once", "1,205 announced"):
            assert expected in shown
        assert "2603.00001" in shown

    async def test_shows_what_the_community_makes_of_a_paper(self, chat: Chat, channel: ChannelRef) -> None:
        signal = make_signal(repository="https://github.com/lab/letters", stars=412, organisation="THUDM")
        await chat.send(channel, make_post(channel, PostKind.DIGEST, replace(make_entry(1), signal=signal)))
        assert "▲ 87 on Hugging Face · code ★ 412 · THUDM" in " ".join(self.shown(chat).split())

    async def test_says_which_part_of_a_digest_it_is(self, chat: Chat, channel: ChannelRef) -> None:
        for part in (1, 2):
            await chat.send(channel, make_post(channel, PostKind.DIGEST, make_entry(part), part=part, parts=2))
        assert "1 of 2" in self.shown(chat)
        assert "2 of 2" in self.shown(chat)

    async def test_takes_cards_in_the_channel_and_in_a_thread(self, chat: Chat, channel: ChannelRef) -> None:
        entry = make_entry(1)
        digest = make_post(channel, PostKind.DIGEST, entry)
        parent = await chat.send(channel, digest)
        inside = make_post(channel, PostKind.CARD, entry, thread=parent, thread_of=digest.key)
        outside = make_post(channel, PostKind.CARD, make_entry(2), receipt=Receipt(5, 5, 1))
        refs = [await chat.send(channel, inside), await chat.send(channel, outside)]
        assert [await chat.find(channel, inside), await chat.find(channel, outside)] == refs
        assert "letter number 2" in self.shown(chat)

    async def test_takes_a_notice(self, chat: Chat, channel: ChannelRef) -> None:
        notice = make_post(channel, PostKind.NOTICE, text="Posts to this channel are paused.")
        assert await chat.send(channel, notice) == await chat.find(channel, notice)
        assert "Posts to this channel are paused." in self.shown(chat)

    async def test_takes_the_fullest_digest_within_its_limits(self, chat: Chat, channel: ChannelRef) -> None:
        entries = fullest(chat.limits)
        receipt = Receipt(announced=12_345, checked=12_340, matched=len(entries), late=2, risen=12)
        post = make_post(channel, PostKind.DIGEST, *entries, receipt=receipt, part=10, parts=12)
        assert await chat.send(channel, post) == await chat.find(channel, post)

    @pytest.mark.parametrize("kind", [PostKind.DIGEST, PostKind.CARD])
    async def test_takes_a_paper_that_is_too_long(self, chat: Chat, channel: ChannelRef, kind: PostKind) -> None:
        entry = make_entry(
            1,
            title="An endless title " * 400,
            abstract="An endless abstract. " * 4_000,
            authors=tuple(f"Author Number {number}" for number in range(3_000)),
        )
        post = make_post(channel, kind, entry)
        assert await chat.send(channel, post) == await chat.find(channel, post)

    @pytest.mark.parametrize("words", HOSTILE)
    async def test_hostile_words_come_through_harmlessly(self, chat: Chat, channel: ChannelRef, words: str) -> None:
        paper = make_paper(title=words, abstract=words, authors=(words, "Ada Post"), comment=words, journal_ref=words)
        signal = make_signal(paper.id, organisation=words)
        entry = Entry(1, paper, (words, "letter"), ("letter",), delivery=1, signal=signal)
        for post in (
            make_post(channel, PostKind.DIGEST, entry),
            make_post(channel, PostKind.CARD, entry),
            make_post(channel, PostKind.NOTICE, text=f"A word: {words}"),
        ):
            assert await chat.send(channel, post) == await chat.find(channel, post)
        assert "2603.00001" in self.shown(chat)
        self.harmless(self.shown(chat))

    async def test_posts_at_the_same_time_do_not_mix(self, chat: Chat, channel: ChannelRef) -> None:
        posts = [make_post(channel, PostKind.DIGEST, make_entry(number)) for number in range(1, 6)]
        refs = await asyncio.gather(*(chat.send(channel, post) for post in posts))
        assert len(set(refs)) == len(posts)
        assert [await chat.find(channel, post) for post in posts] == refs

    async def test_closing_twice_is_fine(self, chat: Chat, channel: ChannelRef) -> None:
        await chat.close()
        await chat.close()
