"""`/papers …` on Discord: acknowledged at once, said to whom it concerns, carried out once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord.options import OPTIONS, fingerprint, payload, text_of
from adapters.discord.text import with_code
from bot.commands.table import COMMANDS
from bot.conversation import Command, Reply
from bot.models import Sort
from tests.delivery_kit import until
from tests.discord_kit import CHANNEL, CLOCK, Bot, answered, buttons, running, shown, stand_in
from tests.factories import make_paper, make_signal
from tests.standins.discord import ANN, BOB, GUILD, READING
from tests.standins.discord_limits import check_commands
from tests.standins.discord_state import BOT, EMBED_LINKS, READ_HISTORY, THREAD, role
from tests.standins.painter import Painter


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        yield bot


def test_discord_takes_the_commands_and_every_one_of_the_core_is_there() -> None:
    commands = payload()
    assert check_commands(commands) is None
    (papers,) = commands
    assert papers["name"] == "papers"
    groups = [option for option in papers["options"] if option["type"] == 2]
    grouped = [option["name"] for group in groups for option in group["options"]]
    alone = [option["name"] for option in papers["options"] if option["type"] == 1]
    assert {*alone, *grouped} == {*(info.name for info in COMMANDS), "doctor"}
    assert len(alone) + len(grouped) == len({*alone, *grouped})
    assert set(OPTIONS) <= {info.name for info in COMMANDS}
    assert papers["contexts"] == [0]
    assert papers["integration_types"] == [0]


def test_replies_name_commands_as_they_are_typed_here() -> None:
    said = with_code("Type `/papers schedule daily 09:00`, `/papers watch schedule` or /papers pause.")
    assert said == "Type `/papers channel schedule daily 09:00`, `/papers watch schedule` or /papers pause."


def test_options_become_the_words_of_the_core() -> None:
    assert text_of("watch", {"query": "RLHF"}) == "watch RLHF"
    assert text_of("saved", {"format": "bibtex", "whose": "channel"}) == "saved channel bibtex"
    assert text_of("list", {"unknown": "x"}) == "list"


async def test_commands_are_told_to_discord_when_they_changed(tmp_path: Path) -> None:
    async with stand_in() as discord:
        async with running(discord, tmp_path):
            assert discord.command_writes == 1
        async with running(discord, tmp_path) as bot:
            assert discord.command_writes == 1
            note = await bot.store.note("discord.commands")
            assert note is not None
            assert note.endswith(fingerprint(payload()))
            await bot.store.put_note("discord.commands", "of an earlier version")
        async with running(discord, tmp_path):
            assert discord.command_writes == 2


async def test_success_is_said_in_the_channel_and_the_rest_to_the_caller(bot: Bot) -> None:
    watched = await bot.say("watch", query="RLHF")
    assert not watched.ephemeral
    assert "Watching" in shown(watched.reply)
    listed = await bot.say("list")
    assert listed.ephemeral
    assert "RLHF" in shown(listed.reply)
    wrong = await bot.say("watch", query='"open')
    assert wrong.ephemeral
    assert wrong.acknowledged is not None
    assert wrong.acknowledged < 1


async def test_the_channel_gets_its_name(bot: Bot) -> None:
    await bot.say("watch", query="RLHF")
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert channel.name == "reading"


@pytest.mark.parametrize(
    ("reply", "name", "ephemeral", "said"),
    [
        (Reply("In the end.", public=True), "watch", False, "In the end."),
        (Reply("No such thing.", error=True), "watch", True, "No such thing."),
        (Reply("A list."), "list", True, "A list."),
        (Reply("For all.", public=True), "list", False, "For all."),
    ],
)
async def test_what_takes_long_is_acknowledged_and_answered_in_its_place(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, reply: Reply, name: str, ephemeral: bool, said: str
) -> None:
    gate = asyncio.Event()

    async def slow(_: Command) -> Reply:
        await gate.wait()
        return reply

    monkeypatch.setattr(bot.inbox, "command", slow)
    done = await bot.discord.command(name, query="x")
    assert done.acknowledged is not None
    assert not any(answered(body) for body in done.replies)
    gate.set()
    await bot.discord.until(lambda: done.replies[-1].get("content"))
    assert done.reply["content"] == said
    deferred_ephemeral = bool(done.replies[0].get("flags", 0) & 64)
    last_ephemeral = bool(done.reply.get("flags", 0) & 64)
    assert ephemeral == (last_ephemeral if {"deleted": True} in done.replies else deferred_ephemeral)


async def test_thinking_that_was_deleted_though_discord_failed_is_answered_all_the_same(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gate = asyncio.Event()

    async def slow(_: Command) -> Reply:
        await gate.wait()
        return Reply("No such thing.", error=True)

    monkeypatch.setattr(bot.inbox, "command", slow)
    done = await bot.discord.command("watch", query="x")
    fault = bot.discord.fail("DELETE /webhooks", 500, stored=True)
    gate.set()
    await bot.discord.until(lambda: done.replies[-1].get("content"))
    assert done.reply["content"] == "No such thing."
    assert fault.times == 0
    assert "unexpectedly" not in caplog.text


async def test_an_acknowledgement_that_discord_lost_is_not_given_twice(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    bot.discord.fail("/callback", 500, stored=True)
    done = await bot.say("list")
    await bot.discord.until(lambda: sum("/callback" in each for each in bot.discord.requests) == 2)
    await bot.chat.close()
    # On a busy machine the answer comes too late for the acknowledgement, and is filled in.
    assert len([reply for reply in done.replies if answered(reply)]) == 1
    assert "Nothing is watched in this channel yet." in shown(done.reply)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_an_interaction_that_is_delivered_again_is_carried_out_once(bot: Bot) -> None:
    await bot.say("watch", query="RLHF")
    (session,) = bot.discord.gateway.open
    (event,) = [each for each in session.events if each["t"] == "INTERACTION_CREATE"]
    before = len(bot.discord.requests)
    await bot.discord.gateway.tell(GUILD, "INTERACTION_CREATE", event["d"])
    await bot.discord.until(lambda: len(bot.discord.requests) > before)
    assert len(await bot.store.watches(CHANNEL)) == 1


async def test_a_channel_where_the_bot_may_not_post_waits_and_the_reply_says_why(bot: Bot) -> None:
    bot.discord.channel(READING).denied = EMBED_LINKS
    await bot.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", bot.discord.channel(READING).shown())
    done = await bot.say("watch", query="RLHF")
    assert "Watching" in shown(done.reply)
    assert 'Allow its role "Embed Links" in this channel' in shown(done.reply)
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert "Embed Links" in channel.paused
    bot.discord.channel(READING).denied = 0
    await bot.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", bot.discord.channel(READING).shown())
    await until(lambda: _resumed(bot))


async def _resumed(bot: Bot) -> bool:
    channel = await bot.store.channel(CHANNEL)
    return channel is not None and not channel.paused


async def test_a_role_that_the_bot_gets_or_loses_is_noticed(bot: Bot) -> None:
    await bot.say("watch", query="RLHF")
    guild = bot.discord.guild

    async def tell_of_itself() -> None:
        await bot.discord.gateway.tell(
            GUILD, "GUILD_MEMBER_UPDATE", guild.member(BOT) | {"guild_id": str(GUILD), "roles": sorted(held)}
        )

    held = {"7002"}
    given = role(7_002, "Posting", guild.permissions)
    await bot.discord.gateway.tell(GUILD, "GUILD_ROLE_CREATE", {"guild_id": str(GUILD), "role": given})
    await tell_of_itself()
    everyone = role(GUILD, "@everyone", guild.permissions & ~EMBED_LINKS)
    await bot.discord.gateway.tell(GUILD, "GUILD_ROLE_UPDATE", {"guild_id": str(GUILD), "role": everyone})
    assert await _resumed(bot)
    held.clear()
    await tell_of_itself()
    await until(lambda: _paused(bot))
    held.add("7002")
    await tell_of_itself()
    await until(lambda: _resumed(bot))
    await bot.discord.gateway.tell(GUILD, "GUILD_ROLE_DELETE", {"guild_id": str(GUILD), "role_id": "7002"})
    await until(lambda: _paused(bot))


async def _paused(bot: Bot) -> bool:
    return not await _resumed(bot)


async def test_doctor_says_what_is_missing_in_this_channel(bot: Bot) -> None:
    assert "All is well" in shown((await bot.say("doctor")).reply)
    bot.discord.channel(READING).denied = READ_HISTORY
    await bot.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", bot.discord.channel(READING).shown())
    done = await bot.say("doctor")
    assert done.ephemeral
    assert '"Read Message History" is missing; it is for looking up whether a post arrived.' in shown(done.reply)


async def test_a_new_watch_where_nothing_can_be_looked_up_says_so(bot: Bot) -> None:
    bot.discord.channel(READING).denied = READ_HISTORY
    await bot.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", bot.discord.channel(READING).shown())
    done = await bot.say("watch", query="RLHF")
    assert not done.ephemeral
    assert "Watching `RLHF`" in shown(done.reply)
    assert 'Allow its role "Read Message History" in this channel' in shown(done.reply)
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert not channel.paused
    assert "Read Message History" not in shown((await bot.say("layout", layout="cards")).reply)


async def test_a_thread_of_the_members_is_a_place_of_its_own(bot: Bot) -> None:
    thread = bot.discord.add_channel(4_500, "a talk", type=THREAD, parent=READING)
    await bot.discord.gateway.tell(GUILD, "THREAD_CREATE", thread.shown())
    await bot.say("watch", query="RLHF", channel=4_500)
    assert [watch.typed for watch in await bot.store.watches(CHANNEL)] == []
    (channel,) = await bot.store.channels("discord")
    assert channel.ref.channel == "4500"
    await bot.announce([make_paper(title="On RLHF")])
    await bot.post()
    assert "On RLHF" in shown(bot.messages(4_500)[0].body)


async def test_what_is_offered_while_typing(bot: Bot) -> None:
    await bot.announce([make_paper("2603.00001", title="Something else")])
    for query in ("RLHF", "diffusion OR flow"):
        await bot.say("watch", query=query)
    assert await bot.discord.complete("unwatch", "query", "diff") == ["diffusion OR flow"]
    assert set(await bot.discord.complete("unwatch", "query", "")) == {"RLHF", "diffusion OR flow"}
    assert "cat:cs.CL" in await bot.discord.complete("watch", "query", "cat:cs.C")
    assert (await bot.discord.complete("watch", "query", "RLHF cat:math.C"))[0].startswith("RLHF cat:math.C")
    assert await bot.discord.complete("schedule", "when", "week") == ["weekly mon 09:00"]
    assert "daily 08:00 Europe/Berlin" in await bot.discord.complete("schedule", "when", "daily 08:00 berl")
    assert await bot.discord.complete("help", "topic", "wat") == ["watch"]
    assert await bot.discord.complete("export", "what", "diff") == ["2"]
    assert await bot.discord.complete("export", "what", "top") == ["top week", "top month", "top all"]
    await bot.say("save", papers="2603.00001")
    assert await bot.discord.complete("unsave", "papers", "something") == ["2603.00001"]
    assert await bot.discord.complete("list", "nothing", "x") == []


async def test_what_is_offered_is_within_discords_limits_and_what_is_typed_instead_is_judged(bot: Bot) -> None:
    long = " OR ".join(f"word{number}" for number in range(20))
    await bot.say("watch", query=long)
    assert len(long) > 100
    for number in range(30):
        await bot.say("watch", query=f"letters{number}")
        CLOCK.skip(3.0)
    CLOCK.skip(60.0)
    for command, option, typed in (
        ("unwatch", "query", ""),
        ("watch", "query", "cat:"),
        ("schedule", "when", "daily 09:00 amer"),
        ("help", "topic", ""),
    ):
        offered = await bot.discord.complete(command, option, typed)
        assert 0 < len(offered) <= 25, command
        assert all(0 < len(each) <= 100 for each in offered)
    for command, options, said in (
        ("schedule", {"when": "daily 25:00"}, "25:00"),
        ("layout", {"layout": "mosaic"}, "mosaic"),
        ("saved", {"format": "papyrus"}, "papyrus"),
        ("top", {"period": "decade"}, "decade"),
        ("unwatch", {"query": "nothing of the kind"}, "nothing of the kind"),
        ("help", {"topic": "everything"}, "everything"),
        ("access", {"who": "nobody"}, "nobody"),
    ):
        done = await bot.say(command, **options)
        assert done.ephemeral, command
        assert said in shown(done.reply)


async def test_exports_come_as_files_for_the_caller_alone(bot: Bot) -> None:
    await bot.announce([make_paper("2603.00001")])
    await bot.say("save", papers="2603.00001")
    done = await bot.discord.command("saved", format="bibtex")
    await bot.discord.until(lambda: done.files)
    assert done.ephemeral
    assert b"archivePrefix = {arXiv}" in done.files["saved.bib"]
    done = await bot.discord.command("export", what="saved", format="csl")
    await bot.discord.until(lambda: done.files)
    assert done.ephemeral
    assert b"arXiv:2603.00001" in done.files["saved.csl.json"]


async def test_an_import_can_be_tried(bot: Bot) -> None:
    assert text_of("import", {"lines": "RLHF", "mode": "preview"}) == "import preview RLHF"
    done = await bot.say("import", mode="preview", lines="RLHF")
    assert "Importing this would make 1 watch:" in shown(done.reply)
    assert await bot.store.watches(CHANNEL) == []


async def test_a_picture_comes_with_its_words(tmp_path: Path) -> None:
    async with stand_in() as discord, running(discord, tmp_path, plotter=Painter()) as bot:
        await bot.say("watch", query="RLHF")
        done = await bot.say("stats")
        await discord.until(lambda: done.files)
        assert done.ephemeral
        assert done.files == {"paperroute-stats.png": b"picture"}
        (attachment,) = next(reply["attachments"] for reply in done.replies if reply.get("attachments"))
        assert attachment["description"].startswith("The last 12 weeks of reading, ")


async def test_similar_papers(bot: Bot) -> None:
    turned_on = await bot.say("similar", digests="on")
    assert not turned_on.ephemeral
    assert "Digests now end with" in shown(turned_on.reply)
    await bot.announce([make_paper("2603.00001")])
    assert "keeps no index" in shown((await bot.say("similar", paper="2603.00001")).reply)


async def test_a_members_saves_by_their_mention(bot: Bot) -> None:
    await bot.announce([make_paper("2603.00001")])
    await bot.say("save", papers="2603.00001", user=BOB)
    done = await bot.say("saved", member=BOB, user=ANN)
    assert "A study of careful delivery" in shown(done.reply)
    assert "@Bob" in shown(done.reply)


async def test_long_lists_have_buttons(bot: Bot) -> None:
    await bot.announce([make_paper(f"2603.{number:05}", title=f"Letters {number}") for number in range(1, 30)])
    done = await bot.say("search", query="letters")
    pages = buttons(done.reply)
    assert list(pages) == ["More ▶"]
    message = bot.discord.store(bot.discord.channel(READING), done.reply)
    more = await bot.discord.press(pages["More ▶"], message)
    await bot.discord.until(lambda: more.replies)
    assert "Letters" in shown(more.reply)
    assert "◀ Back" in buttons(more.reply)
    assert more.ephemeral


async def test_changing_watches_needs_the_right_to_manage_the_channel_or_what_the_server_set(bot: Bot) -> None:
    refused = await bot.say("watch", query="RLHF", user=BOB)
    assert refused.ephemeral
    assert "Members who may manage a channel alone can do that here." in shown(refused.reply)
    assert (await bot.say("list", user=BOB)).ephemeral
    bot.discord.guild.roles[7_001] = {BOB}
    await bot.discord.gateway.tell(GUILD, "GUILD_ROLE_CREATE", {"guild_id": str(GUILD), "role": role(7_001, "Readers")})
    done = await bot.say("access", role=7_001)
    assert "members of the role `Readers`" in shown(done.reply)
    assert "Watching" in shown((await bot.say("watch", query="RLHF", user=BOB)).reply)


async def test_a_code_for_linking_is_shown_to_its_maker_alone(bot: Bot) -> None:
    done = await bot.say("link")
    assert done.ephemeral
    assert "/papers link " in shown(done.reply)
    refused = await bot.say("link", user=BOB)
    assert "Only somebody who may manage this workspace" in shown(refused.reply)
    assert (await bot.say("link", code="me", user=BOB)).ephemeral


async def test_an_answer_that_comes_too_late_is_no_defect(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    bot.discord.ack_seconds = 0
    done = await bot.discord.command("watch", query="RLHF")
    assert done.acknowledged is None
    await bot.discord.until(lambda: any("/callback" in each for each in bot.discord.requests))
    await bot.chat.close()
    assert len(await bot.store.watches(CHANNEL)) == 1
    assert "too late" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_what_is_needed_seldom_stands_in_a_group(bot: Bot) -> None:
    done = await bot.say("sort", order="hot")
    assert not done.ephemeral
    assert "more upvotes" in shown(done.reply)
    channel = await bot.store.channel(CHANNEL)
    assert channel is not None
    assert channel.sort is Sort.HOT


async def test_trending_papers_of_a_period_that_match(bot: Bot) -> None:
    await bot.announce([make_paper(announced=bot.clock.now().date())])
    await bot.store.put_signals([make_signal()], bot.clock.now())
    listed = await bot.say("trending", period="day", query="careful")
    assert listed.ephemeral
    assert "▲ 87 on Hugging Face" in shown(listed.reply)
    await bot.discord.until(lambda: any("a save counts as 10 upvotes" in shown(reply) for reply in listed.replies))
