"""Exactly one post on Discord: by the nonce within a minute, by the history later, and never on a guess."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from discord.utils import snowflake_time

from adapters.discord.buttons import key_of
from bot.courier import SEND_TIMEOUT
from bot.errors import DeliveryError, UnreadableError
from bot.models import ChannelRef, Layout, MessageRef, Post, PostKind
from tests.chat_contract import make_entry, make_post
from tests.delivery_kit import until
from tests.discord_kit import CHANNEL, CLOCK, Bot, buttons, running, shown, stand_in
from tests.factories import make_paper
from tests.standins.discord import BOT, GUILD, READING, DiscordStandIn
from tests.standins.discord_limits import MESSAGES_SECONDS
from tests.standins.discord_state import (
    CREATE_THREADS,
    FORUM,
    OTHER_BOT,
    READ_HISTORY,
    SEND_MESSAGES,
    THREAD,
    VIEW_CHANNEL,
    Message,
)

PAPERS = [make_paper(f"2603.0000{number}", title=f"On RLHF {number}") for number in (1, 2, 3)]


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        await bot.say("watch", query="RLHF")
        await bot.announce(PAPERS)
        yield bot


def keys(bot: Bot) -> Counter[str]:
    """How often each post stands anywhere."""
    found: Counter[str] = Counter()
    for channel in bot.discord.guild.channels.values():
        found.update(key for message in channel.messages.values() if (key := key_in(message)))
    return found


def key_in(message: Message) -> str:
    return next((key for identity in buttons(message.body).values() if (key := key_of(identity))), "")


async def test_a_digest_and_its_cards(bot: Bot) -> None:
    await bot.post()
    assert len(keys(bot)) == 4
    assert set(keys(bot).values()) == {1}
    (digest,) = [message for message in bot.messages() if len(message.body.get("embeds") or []) == 3]
    assert digest.body["content"].startswith("**3 new papers")
    assert "3 announced" in shown(digest.body)
    assert [channel.name for channel in bot.discord.guild.channels.values() if channel.parent] == ["Papers"]


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("status", [500, 502, 503, 0])
async def test_whatever_breaks_every_post_comes_once(bot: Bot, status: int, stored: bool) -> None:
    bot.discord.fail(f"POST /channels/{READING}/messages", status, stored=stored)
    await bot.post()
    assert len(keys(bot)) == 4
    assert set(keys(bot).values()) == {1}
    status_now = await bot.store.channel_status(CHANNEL)
    assert (status_now.waiting, status_now.uncertain, status_now.posted) == (0, 0, 3)


async def test_within_a_minute_it_is_sent_again_with_its_nonce_and_later_looked_for(bot: Bot) -> None:
    bot.discord.fail(f"POST /channels/{READING}/messages", 503, stored=True)
    asked = len(bot.discord.requests)
    await bot.post()
    requests = [each for each in bot.discord.requests[asked:] if f"/channels/{READING}/messages" in each]
    assert requests.count(f"POST /channels/{READING}/messages") == 2
    assert f"GET /channels/{READING}/messages" not in requests


@pytest.mark.parametrize("stored", [True, False])
async def test_within_a_minute_the_nonce_is_trusted_and_after_it_only_the_bots_own_message_counts(
    bot: Bot, stored: bool
) -> None:
    await bot.say("layout", layout="digest")
    await bot.dispatcher._composer.everything()
    (item,) = await bot.store.claim(["discord"], bot.clock.now(), 9)
    bot.discord.fail(f"POST /channels/{READING}/messages", 503, stored=stored)
    with pytest.raises(DeliveryError) as lost:
        await bot.chat.send(CHANNEL, item.post)
    assert lost.value.ambiguous
    body = {"content": "a copy", "components": rows_with(item.post.key)}
    bot.discord.store(bot.discord.channel(READING), body, author=OTHER_BOT)
    asked = len(bot.discord.requests)
    again = await bot.chat.find(CHANNEL, item.post)
    assert bot.discord.requests[asked:] == [f"POST /channels/{READING}/messages"]
    asked = len(bot.discord.requests)
    CLOCK.skip(61)
    found = await bot.chat.find(CHANNEL, item.post)
    assert bot.discord.requests[asked:] == [f"GET /channels/{READING}/messages"]
    own = [message.id for message in bot.messages() if message.author == BOT and key_in(message)]
    assert [MessageRef(CHANNEL, str(each)) for each in own] == [found] == [again]
    bot.discord.channel(READING).denied = READ_HISTORY
    await bot.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", bot.discord.channel(READING).shown())
    await until(lambda: _unreadable(bot, item.post))


async def test_a_process_that_dies_before_the_repetition_leaves_nothing_to_be_sent_blindly(tmp_path: Path) -> None:
    """A look-up within a minute, which ended with the order to send again, left the post waiting as if it were known
    not to be there; the next process sent it, hours later, to a Discord that had forgotten the nonce."""
    async with stand_in() as discord:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
            await bot.say("layout", layout="digest")
            await bot.announce(PAPERS)
            await bot.dispatcher._composer.everything()
            (item,) = await bot.store.claim(["discord"], bot.clock.now(), 9)
            discord.fail(f"POST /channels/{READING}/messages", 503, stored=True)
            with pytest.raises(DeliveryError):
                await bot.chat.send(CHANNEL, item.post)
            await bot.store.uncertain(item.post.key, bot.clock.now(), "")
            discord.fail(f"POST /channels/{READING}/messages", 503, times=9)
            with pytest.raises(DeliveryError) as undecided:
                await bot.chat.find(CHANNEL, item.post)
            assert (undecided.value.permanent, undecided.value.ambiguous) == (False, False)
        discord.faults.clear()
        discord._nonces.clear()  # it was long ago
        async with running(discord, tmp_path) as bot:
            await bot.post()
            assert list(keys(bot).values()) == [1]


def rows_with(key: str) -> list[dict[str, object]]:
    button = {"type": 2, "style": 2, "label": "Status", "custom_id": f"command:status:{key}"}
    return [{"type": 1, "components": [button]}]


async def _unreadable(bot: Bot, post: Post) -> bool:
    """The event goes through the client's own task."""
    await asyncio.sleep(0)
    try:
        await bot.chat.find(CHANNEL, post)
    except UnreadableError as error:
        return "Read Message History" in error.message
    return False


async def test_after_a_restart_it_is_looked_for_in_the_history(tmp_path: Path) -> None:
    async with stand_in() as discord:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
            await bot.say("layout", layout="digest")
            await bot.announce(PAPERS)
            await bot.dispatcher._composer.everything()
            (item,) = await bot.store.claim(["discord"], bot.clock.now(), 9)
            await bot.chat.send(CHANNEL, item.post)  # and the process dies before it can note that
        discord._nonces.clear()  # it was long ago
        async with running(discord, tmp_path) as bot:
            await bot.post()
            assert list(keys(bot).values()) == [1]
            assert f"GET /channels/{READING}/messages" in discord.requests
            status = await bot.store.channel_status(CHANNEL)
            assert (status.uncertain, status.posted) == (0, 3)


async def test_it_is_found_that_was_composed_while_our_clock_was_an_hour_fast(bot: Bot) -> None:
    await bot.say("layout", layout="digest")
    await bot.dispatcher._composer.everything()
    (item,) = await bot.store.claim(["discord"], bot.clock.now(), 9)
    sent = await bot.chat.send(CHANNEL, item.post)
    early = replace(item.post, made_at=bot.clock.now() + timedelta(hours=1))
    assert await bot.chat.find(CHANNEL, early) == sent


async def test_without_its_history_it_stays_uncertain_and_is_never_sent_again(tmp_path: Path) -> None:
    async with stand_in() as discord:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
            await bot.say("layout", layout="digest")
            await bot.announce(PAPERS)
            await bot.dispatcher._composer.everything()
            (item,) = await bot.store.claim(["discord"], bot.clock.now(), 9)
            await bot.chat.send(CHANNEL, item.post)
        discord._nonces.clear()
        discord.channel(READING).denied = READ_HISTORY
        async with running(discord, tmp_path) as bot:
            await bot.post()
            assert list(keys(bot).values()) == [1]
            status = await bot.store.channel_status(CHANNEL)
            assert (status.uncertain, status.posted) == (1, 0)
            said = await bot.say("status")
            assert "Read Message History" in shown(said.reply) or "uncertain" in shown(said.reply).lower()


@pytest.mark.parametrize(
    ("denied", "said"),
    [(VIEW_CHANNEL, "does not let the bot see"), (SEND_MESSAGES, "does not let the bot post")],
)
async def test_a_refusal_pauses_the_channel_at_once_with_the_remedy(bot: Bot, denied: int, said: str) -> None:
    bot.discord.channel(READING).denied = denied  # the gateway has not told of it yet
    await bot.post()
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert said in channel.paused
    assert "Allow its role" in channel.paused
    posts = [each for each in bot.discord.requests if each == f"POST /channels/{READING}/messages"]
    assert len(posts) == 2, "the digest, and the notice that says so, which may go where a digest may not"
    bot.discord.channel(READING).denied = 0
    await bot.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", bot.discord.channel(READING).shown())
    await until(lambda: _resumed(bot))
    await bot.post()
    assert len(keys(bot)) >= 4
    assert set(keys(bot).values()) == {1}


async def _resumed(bot: Bot) -> bool:
    channel = await bot.store.channel(CHANNEL)
    return channel is not None and not channel.paused


async def test_a_channel_that_is_gone_is_not_asked_again(bot: Bot) -> None:
    bot.discord.guild.channels.clear()
    await bot.post()
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert "deleted" in channel.paused
    asked = len(bot.discord.requests)
    await bot.post()
    assert bot.discord.requests[asked:] == []


async def test_a_digest_that_a_member_deleted_takes_its_cards_with_it(bot: Bot) -> None:
    bot.discord.fail(f"POST /channels/{READING}/messages/", 404, code=10008, message="Unknown Message")
    await bot.post()
    assert [message for message in bot.messages() if key_in(message)]
    status = await bot.store.channel_status(CHANNEL)
    assert (status.waiting, status.uncertain, status.posted) == (0, 0, 3)
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert not channel.paused


async def test_a_thread_that_was_begun_already_is_used(bot: Bot) -> None:
    bot.discord.fail("/threads", 500, stored=True)
    await bot.post()
    assert len(keys(bot)) == 4
    assert set(keys(bot).values()) == {1}


async def test_without_threads_the_channel_is_paused_with_the_permission_that_is_missing(bot: Bot) -> None:
    bot.discord.channel(READING).denied = CREATE_THREADS
    await bot.post()
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert "Create Public Threads" in channel.paused


async def test_a_message_that_is_refused_goes_out_plain_once_and_is_found(bot: Bot) -> None:
    bot.discord.fail(f"POST /channels/{READING}/messages", 400, code=50035, message="Invalid Form Body")
    await bot.say("layout", layout="digest")
    await bot.post()
    (message,) = [message for message in bot.messages() if key_in(message)]
    assert "On RLHF 1" in message.body["content"]
    (post,) = [await bot.store.post_of(MessageRef(CHANNEL, str(message.id)))]
    assert post is not None
    assert await bot.chat.find(CHANNEL, post) == MessageRef(CHANNEL, str(message.id))


async def test_and_not_again_and_again(bot: Bot) -> None:
    bot.discord.fail(f"POST /channels/{READING}/messages", 400, times=50, code=50035, message="Invalid Form Body")
    await bot.post()
    posts = [each for each in bot.discord.requests if each == f"POST /channels/{READING}/messages"]
    assert len(posts) == 4, "the digest as it is and plain, and the notice that it was given up likewise"


async def _at_hand(bot: Bot) -> bool:
    await asyncio.sleep(0)
    guild = bot.chat._connection.client.get_guild(GUILD)
    return guild is not None and not guild.unavailable


async def _not_at_hand(bot: Bot) -> bool:
    return not await _at_hand(bot)


class TestForum:
    """A paper or a digest is a post of a forum."""

    @pytest.fixture
    async def forum(self, tmp_path: Path) -> AsyncIterator[Bot]:
        async with stand_in() as discord:
            discord.guild.channels[READING].type = FORUM
            async with running(discord, tmp_path) as bot:
                await bot.say("watch", query="RLHF")
                await bot.announce(PAPERS)
                yield bot

    async def test_a_digest_begins_a_post_in_which_the_cards_stand(self, forum: Bot) -> None:
        await forum.post()
        (thread,) = [channel for channel in forum.discord.guild.channels.values() if channel.parent == READING]
        assert thread.name.startswith("3 new papers")
        assert len(thread.messages) == 4
        assert set(keys(forum).values()) == {1}

    async def test_cards_are_posts_of_their_own(self, forum: Bot) -> None:
        await forum.say("layout", layout="cards")
        await forum.post()
        names = [channel.name for channel in forum.discord.guild.channels.values() if channel.parent == READING]
        assert sorted(names) == ["On RLHF 1", "On RLHF 2", "On RLHF 3"]

    async def test_a_lost_answer_is_found_in_a_post_that_was_archived_meanwhile(self, forum: Bot) -> None:
        await forum.say("layout", layout="digest")
        await forum.dispatcher._composer.everything()
        (item,) = await forum.store.claim(["discord"], forum.clock.now(), 9)
        sent = await forum.chat.send(CHANNEL, item.post)
        thread = forum.discord.channel(int(sent.message))
        thread.archived = True
        await forum.discord.gateway.tell(GUILD, "THREAD_UPDATE", thread.shown())

        async def found_among_the_archived() -> bool:
            assert await forum.chat.find(CHANNEL, item.post) == sent
            return f"GET /channels/{READING}/threads/archived/public" in forum.discord.requests

        await until(found_among_the_archived)

    async def test_a_tag_that_is_asked_for_is_the_first_that_everybody_may_use(self, forum: Bot) -> None:
        place = forum.discord.channel(READING)
        place.needs_tag = True
        place.tags = [
            {"id": str(number), "name": name, "moderated": name == "staff", "emoji_id": None, "emoji_name": None}
            for number, name in ((1, "staff"), (2, "papers"), (3, "other"))
        ]
        await forum.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", place.shown())
        await forum.say("layout", layout="cards")
        await forum.post()
        threads = [channel for channel in forum.discord.guild.channels.values() if channel.parent == READING]
        assert [thread.applied for thread in threads] == [("2",)] * 3

    @pytest.mark.parametrize("stored", [True, False])
    @pytest.mark.parametrize("status", [500, 502, 503, 0])
    async def test_a_lost_answer_is_looked_for_since_there_is_no_nonce(
        self, forum: Bot, status: int, stored: bool
    ) -> None:
        forum.discord.fail(f"POST /channels/{READING}/threads", status, stored=stored)
        await forum.post()
        assert len(keys(forum)) == 4
        assert set(keys(forum).values()) == {1}

    async def test_it_is_found_though_the_gateway_did_not_tell_of_it(self, forum: Bot) -> None:
        forum.discord.fail(f"POST /channels/{READING}/threads", 503, stored=True)
        forum.discord.gateway.refusing = 1_000_000
        forum.discord.gateway.forget()
        await forum.discord.gateway.drop()
        await forum.post()
        assert set(keys(forum).values()) == {1}

    @pytest.mark.parametrize("new_session", [True, False])
    async def test_nothing_is_sent_or_looked_for_in_a_server_that_is_not_at_hand(
        self, forum: Bot, new_session: bool
    ) -> None:
        discord = forum.discord
        discord.guild.available = False
        if new_session:
            # Of which a session is told a little later than that it has begun.
            discord.gateway.forget()
            await discord.gateway.drop()
        else:
            await discord.gateway.tell(GUILD, "GUILD_DELETE", {"id": str(GUILD), "unavailable": True})
        await until(lambda: _not_at_hand(forum))
        asked = len(discord.requests)
        await forum.dispatcher.drain(everything=True, patience=1)
        with pytest.raises(DeliveryError, match="outage"):
            await forum.chat.find(CHANNEL, make_post(CHANNEL, PostKind.NOTICE))
        assert not [each for each in discord.requests[asked:] if "/channels/" in each]
        assert await _resumed(forum)
        discord.guild.available = True
        await discord.gateway.tell(GUILD, "GUILD_CREATE", discord.guild.shown())
        await until(lambda: _at_hand(forum))
        await forum.post()
        assert len(keys(forum)) == 4
        assert set(keys(forum).values()) == {1}

    async def test_being_told_to_wait_is_no_reason_to_look_for_it(self, forum: Bot) -> None:
        forum.discord.fail(f"POST /channels/{READING}/threads", 429, retry_after=0.01)
        await forum.post()
        assert set(keys(forum).values()) == {1}
        assert f"GET /guilds/{GUILD}/threads/active" not in forum.discord.requests

    async def test_a_tag_that_is_asked_for_and_not_there_pauses_with_the_remedy(self, forum: Bot) -> None:
        forum.discord.channel(READING).needs_tag = True
        await forum.post()
        channel = await forum.store.channel(CHANNEL)
        assert channel is not None
        assert "asks for a tag" in channel.paused


async def test_the_layout_digest_leaves_the_thread_out(bot: Bot) -> None:
    await bot.say("layout", layout="digest")
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert channel.layout is Layout.DIGEST
    await bot.post()
    assert not [channel for channel in bot.discord.guild.channels.values() if channel.parent]


async def test_a_message_that_a_member_deleted_at_once_counts_as_posted(bot: Bot) -> None:
    bot.discord.fail(f"POST /channels/{READING}/messages", 503, stored=True)
    await bot.dispatcher._composer.everything()
    digest = (await bot.store.claim(["discord"], bot.clock.now(), 1))[0].post
    with pytest.raises(DeliveryError):
        await bot.chat.send(CHANNEL, digest)
    await bot.store.uncertain(digest.key, bot.clock.now(), "lost")
    (message,) = [message for message in bot.messages() if key_in(message)]
    message.deleted = True
    await bot.post()
    status = await bot.store.channel_status(CHANNEL)
    assert (status.waiting, status.uncertain, status.posted) == (0, 0, 3)
    assert keys(bot) == Counter({digest.key: 1})
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert not channel.paused


async def test_a_locked_thread_takes_no_cards_and_pauses_nothing(bot: Bot) -> None:
    bot.discord.fail("/threads", 503, times=1)
    await bot.dispatcher._composer.everything()
    (item,) = await bot.store.claim(["discord"], bot.clock.now(), 1)
    digest = await bot.chat.send(CHANNEL, item.post)
    await bot.store.sent(item.post.key, digest, bot.clock.now())
    bot.discord.faults.clear()
    bot.discord.add_channel(int(digest.message), "Papers", type=THREAD, parent=READING, locked=True)
    await bot.post()
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert not channel.paused
    assert set(keys(bot)) == {item.post.key}


async def test_a_locked_thread_of_the_members_is_paused_with_the_remedy_until_it_is_unlocked(bot: Bot) -> None:
    talk = bot.discord.add_channel(4_500, "a talk", type=THREAD, parent=READING)
    place = ChannelRef("discord", str(GUILD), "4500")
    await bot.discord.gateway.tell(GUILD, "THREAD_CREATE", talk.shown())
    await bot.say("watch", query="RLHF", channel=4_500)
    talk.locked = True  # the gateway has not told of it yet
    await bot.post()
    assert await paused(bot, place) == (
        "This thread is locked. Unlock it, or type `/papers watch …` in another channel."
    )
    assert (await bot.store.channel_status(place)).waiting == 3
    talk.locked = False
    for archived in (True, False):
        talk.archived = archived
        await bot.discord.gateway.tell(GUILD, "THREAD_UPDATE", talk.shown())
    await until(lambda: _goes_on(bot, place))
    await bot.post()
    assert (await bot.store.channel_status(place)).posted == 3
    talk.locked = True
    await bot.discord.gateway.tell(GUILD, "THREAD_UPDATE", talk.shown())
    await until(lambda: _is_paused(bot, place))
    assert "locked" in await paused(bot, place)


async def paused(bot: Bot, place: ChannelRef = CHANNEL) -> str:
    channel = await bot.store.channel(place)
    assert channel is not None
    return channel.paused


async def _goes_on(bot: Bot, place: ChannelRef) -> bool:
    return not await paused(bot, place)


async def _is_paused(bot: Bot, place: ChannelRef) -> bool:
    return bool(await paused(bot, place))


async def test_a_long_wait_that_discord_asks_for_is_kept_by_the_queue(bot: Bot) -> None:
    bot.discord.fail(f"POST /channels/{READING}/messages", 429, retry_after=90.0)
    begun = bot.clock.now()
    await bot.dispatcher.drain(everything=True, patience=300)
    assert len(keys(bot)) == 4
    assert (bot.clock.now() - begun).total_seconds() >= 90
    requests = [each for each in bot.discord.requests if each == f"POST /channels/{READING}/messages"]
    assert len(requests) == 2


async def test_the_message_that_takes_the_last_of_a_limit_waits_and_the_next_is_not_refused(tmp_path: Path) -> None:
    """discord.py returns from it only when the window ends, long after it was stored: nobody may lose patience."""
    async with DiscordStandIn() as discord, running(discord, tmp_path) as bot:
        discord.limits.messages_seconds = 0.5
        posts = [make_post(CHANNEL, PostKind.DIGEST, make_entry(number)) for number in range(1, 7)]
        sent = [await bot.chat.send(CHANNEL, post) for post in posts]
        assert [str(message.id) for message in bot.messages()] == [ref.message for ref in sent]
        assert discord.limits.refused == []
        assert SEND_TIMEOUT > 5 * MESSAGES_SECONDS


async def test_posts_of_a_channel_and_its_thread_keep_a_distance_below_the_limit(bot: Bot) -> None:
    await bot.post()
    messages = [message for channel in bot.discord.guild.channels.values() for message in channel.messages.values()]
    moments = sorted(snowflake_time(message.id).timestamp() for message in messages if key_in(message))
    assert len(moments) == 4
    assert all(after - before > 0.9 for before, after in pairwise(moments))


async def test_no_message_can_mention_anybody(bot: Bot) -> None:
    await bot.post()
    for channel in bot.discord.guild.channels.values():
        for message in channel.messages.values():
            assert message.body["allowed_mentions"] == {"parse": []}
