"""Saving on Discord: reactions, buttons, and what was done while the bot was down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord import catching_up
from adapters.discord.identity import member_ref
from bot.models import Layout
from tests.delivery_kit import until
from tests.discord_kit import CHANNEL, CLOCK, Bot, buttons, running, shown, stand_in
from tests.factories import make_paper
from tests.standins.discord import ANN, BOB, BOT, DIRECT, GUILD, OWNER, READING
from tests.standins.discord_state import OTHER_BOT, Message

ANN_REF, BOB_REF = member_ref(GUILD, ANN), member_ref(GUILD, BOB)
PAPERS = [
    make_paper(f"2603.0000{number}", title=f"On RLHF {number}", abstract="We study $\\alpha$ rewards.")
    for number in (1, 2, 3)
]


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        await bot.say("watch", query="RLHF")
        await bot.announce(PAPERS)
        await bot.post()
        yield bot


def digest(bot: Bot) -> Message:
    (found,) = [message for message in bot.messages() if len(message.body.get("embeds") or []) == 3]
    return found


def cards(bot: Bot) -> list[Message]:
    return bot.messages(digest(bot).id)


async def saved(bot: Bot, member: object = ANN_REF) -> list[str]:
    return sorted(save.paper.id for save in await bot.store.saved_by(member, limit=9))  # type: ignore[arg-type]


def test_a_digest_stands_in_the_channel_and_its_cards_in_a_thread(bot: Bot) -> None:
    assert [shown(card.body).splitlines()[0] for card in cards(bot)] == ["On RLHF 3", "On RLHF 2", "On RLHF 1"]
    assert list(buttons(digest(bot).body)) == ["1", "2", "3"]
    assert list(buttons(cards(bot)[0].body)) == ["Abstract", "Save", "PDF", "Not for us"]


@pytest.mark.parametrize("emoji", ["🔖", "⭐", "💾", "📌"])
async def test_the_save_set_saves_a_card_and_taking_it_away_takes_the_save_back(bot: Bot, emoji: str) -> None:
    card = cards(bot)[0]
    await bot.discord.react(card, emoji)
    await until(lambda: _has(bot, ["2603.00003"]))
    await bot.discord.react(card, emoji, added=False)
    await until(lambda: _has(bot, []))


@pytest.mark.parametrize(
    ("typed", "shown_as", "emoji"),
    [
        ("⭐ 💾", "`:star:` or `:floppy_disk:`", "💾"),
        ("❤️", "`:heart:`", "❤️"),
        ("heart", "`:heart:`", "❤"),
        ("👍", "`:+1:`", "👍🏽"),
        (":thumbsup:", "`:thumbsup:`", "👍"),
        ("<:Parrot:99> <a:spin:98>", "`:parrot:` or `:spin:`", "Parrot"),
    ],
)
async def test_a_server_sets_its_own_as_emoji_names_or_its_own_emoji(
    bot: Bot, typed: str, shown_as: str, emoji: str
) -> None:
    done = await bot.say("reactions", names=typed)
    assert f"In this workspace {shown_as} now saves a paper." in shown(done.reply)
    card = cards(bot)[0]
    await bot.discord.react(card, "🔖", user=BOB)
    await bot.discord.react(card, emoji)
    await until(lambda: _has(bot, ["2603.00003"]))
    assert await saved(bot, BOB_REF) == []


async def _has(bot: Bot, papers: list[str], member: object = ANN_REF) -> bool:
    return await saved(bot, member) == papers


async def test_keycaps_choose_from_a_digest_and_others_bring_one_hint_to_that_member(bot: Bot) -> None:
    await bot.discord.react(digest(bot), "2️⃣")
    await until(lambda: _has(bot, ["2603.00002"]))
    await bot.discord.react(digest(bot), "🔖", user=BOB)
    await bot.discord.until(lambda: bot.discord.direct.get(BOB))
    await bot.discord.react(digest(bot), "⭐", user=BOB)
    await bot.discord.react(digest(bot), "1️⃣", user=BOB)
    await until(lambda: _has(bot, ["2603.00003"], BOB_REF))
    (hint,) = bot.discord.direct[BOB]
    assert "Which of the 3 papers?" in hint["content"]


async def test_other_peoples_messages_and_other_bots_mean_nothing(bot: Bot) -> None:
    foreign = bot.discord.store(bot.discord.channel(READING), {"content": "🔖 me"}, author=BOB)
    before = len(bot.discord.requests)
    await bot.discord.react(foreign, "🔖")
    await bot.discord.react(cards(bot)[1], "🔖", user=OTHER_BOT)
    await bot.discord.react(cards(bot)[2], "🔖", user=BOT)
    await bot.discord.react(cards(bot)[0], "🎉")
    await bot.discord.react(cards(bot)[0], "🔖")
    await until(lambda: _has(bot, ["2603.00003"]))
    assert bot.discord.requests[before:] == []
    for other in (OTHER_BOT, BOT):
        assert await saved(bot, member_ref(GUILD, other)) == []


async def test_a_member_who_takes_no_direct_messages_gets_no_hint_and_nothing_breaks(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    for status, member in ((403, BOB), (503, ANN), (0, OWNER)):
        route = f"POST /channels/{DIRECT + member}/messages"
        bot.discord.fail(route, status, code=50007)
        await bot.discord.react(digest(bot), "🔖", user=member)
        await bot.discord.until(lambda route=route: route in bot.discord.requests)  # type: ignore[misc]
    await bot.discord.react(digest(bot), "1️⃣", user=BOB)
    await until(lambda: _has(bot, ["2603.00003"], BOB_REF))
    await bot.chat.close()
    assert not bot.discord.direct
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_what_is_saved_in_one_server_is_nothing_in_another(bot: Bot) -> None:
    other = GUILD + (1 << 22)
    added = bot.discord.add_guild(other, "Other", 4_902)
    await bot.discord.gateway.tell(
        other, "GUILD_CREATE", {name: value for name, value in added.shown().items() if name != "unavailable"}
    )
    await bot.discord.react(cards(bot)[0], "🔖")
    await until(lambda: _has(bot, ["2603.00003"]))
    there = {"guild": other, "channel": 4_902}
    for name, options in (("saved", {"member": ANN}), ("saved", {}), ("saved", {"whose": "channel"}), ("top", {})):
        done = await bot.say(name, **there, **options)
        assert "On RLHF" not in shown(done.reply), name
    assert "On RLHF 3" in shown((await bot.say("saved", member=ANN, user=BOB)).reply)
    stranger = await bot.say("saved", member=2_999)
    assert "On RLHF" not in shown(stranger.reply)
    assert shown(stranger.reply)


async def test_buttons_save_once_and_only_that_member_is_told(bot: Bot) -> None:
    card = cards(bot)[0]
    first = await bot.discord.press(buttons(card.body)["Save"], card)
    assert first.ephemeral
    assert "Saved" in shown(first.reply)
    again = await bot.discord.press(buttons(card.body)["Save"], card)
    assert "already" in shown(again.reply)
    assert await saved(bot) == ["2603.00003"]


async def test_abstract_is_for_the_caller_and_has_the_other_buttons(bot: Bot) -> None:
    done = await bot.discord.press(buttons(digest(bot).body)["2"], digest(bot))
    assert done.ephemeral
    assert "We study α rewards." in shown(done.reply)
    assert list(buttons(done.reply)) == ["Save", "PDF", "Not for us"]


async def test_not_for_us_is_counted_for_the_channel_and_not_for_its_thread(bot: Bot) -> None:
    card = cards(bot)[1]
    done = await bot.discord.press(buttons(card.body)["Not for us"], card)
    assert "turned down 1 paper" in shown(done.reply)
    assert [paper.id for paper in await bot.store.dismissed(CHANNEL, limit=9)] == ["2603.00002"]


async def test_buttons_work_after_a_restart_again_and_again(tmp_path: Path) -> None:
    async with stand_in() as discord:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
            await bot.announce(PAPERS)
            await bot.post()
            card = cards(bot)[0]
        async with running(discord, tmp_path) as bot:
            for _ in range(2):
                for label in ("Abstract", "Save", "Not for us"):
                    done = await discord.press(buttons(card.body)[label], card)
                    assert done.acknowledged is not None, label
                    assert shown(done.reply)


@pytest.mark.parametrize(
    "identity",
    ["paper:explode:2603.00001:", "paper:save:../../etc:", "paper:save::", "command:unwatch 1:", "x", "paper:save"],
)
async def test_ids_of_other_versions_or_of_strangers_are_answered_politely(bot: Bot, identity: str) -> None:
    body = {
        "content": "x",
        "components": [{"type": 1, "components": [{"type": 2, "style": 2, "label": "?", "custom_id": identity}]}],
    }
    message = bot.discord.store(bot.discord.channel(READING), body)
    done = await bot.discord.press(identity, message)
    assert done.ephemeral
    assert shown(done.reply)
    assert len(await bot.store.watches(CHANNEL)) == 1


async def test_saves_made_while_the_bot_was_down_are_picked_up(tmp_path: Path) -> None:
    async with stand_in() as discord:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
            await bot.announce(PAPERS)
            await bot.post()
            taken = cards(bot)[1]
            await discord.react(taken, "🔖")
            await until(lambda: _has(bot, ["2603.00002"]))
            card, all_of_them = cards(bot)[0], digest(bot)
        await discord.react(card, "⭐", tell=False)
        await discord.react(all_of_them, "3️⃣", user=BOB, tell=False)
        await discord.react(all_of_them, "🔖", user=BOB, tell=False)
        async with running(discord, tmp_path) as bot:
            await until(lambda: _has(bot, ["2603.00002", "2603.00003"]))
            await until(lambda: _has(bot, ["2603.00001"], BOB_REF))
            assert not discord.direct


async def test_a_reaction_is_picked_up_on_a_post_that_was_found_again_long_after(tmp_path: Path) -> None:
    async with stand_in() as discord:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
            await bot.say("layout", layout="digest")
            await bot.announce(PAPERS[:1])
            await bot.dispatcher._composer.everything()
            (item,) = await bot.store.claim(["discord"], bot.clock.now(), 9)
            sent = await bot.chat.send(CHANNEL, item.post)
            message = next(message for message in bot.messages() if str(message.id) == sent.message)
            await discord.react(message, "🔖", tell=False)
            CLOCK.skip(3600)
            await bot.store.sent(item.post.key, sent, bot.clock.now())
        async with running(discord, tmp_path) as bot:
            await until(lambda: _has(bot, ["2603.00001"]))


async def test_a_thread_that_is_gone_holds_up_no_other(tmp_path: Path) -> None:
    async with stand_in() as discord:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
            await bot.announce(PAPERS[:2])
            await bot.post()
            (first,) = [message for message in bot.messages() if len(message.body.get("embeds") or []) == 2]
            card = bot.messages(first.id)[0]
            await bot.announce(PAPERS[2:])
            await bot.post()
            (second,) = [each for each in bot.messages() if each.id > first.id and each.body.get("embeds")]
        await discord.react(card, "🔖", tell=False)
        del discord.guild.channels[second.id]
        async with running(discord, tmp_path) as bot:
            await until(lambda: _has(bot, [_paper_of(card)]))
            await until(lambda: _read_back(bot))


def _paper_of(card: Message) -> str:
    return str(card.body["embeds"][0]["url"]).rpartition("/")[2]


async def _read_back(bot: Bot) -> bool:
    return await bot.store.note("reactions read back: discord") is not None


async def test_where_members_talk_much_the_newest_posts_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "_MOST_MESSAGES", 5)
    async with stand_in() as discord:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
            await bot.say("layout", layout="digest")
            await bot.announce(PAPERS[:1])
            await bot.post()
            for number in range(6):
                discord.store(discord.channel(READING), {"content": f"talk {number}"}, author=BOB)
            await bot.announce(PAPERS[1:2])
            await bot.post()
            newest = max((each for each in bot.messages() if each.body.get("embeds")), key=lambda each: each.id)
        await discord.react(newest, "🔖", tell=False)
        async with running(discord, tmp_path) as bot:
            await until(lambda: _has(bot, ["2603.00002"]))


async def test_a_channel_that_cannot_be_read_holds_up_no_other_and_bots_do_not_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with stand_in() as discord:
        discord.add_channel(4_002, "other")
        async with running(discord, tmp_path) as bot:
            for channel in (READING, 4_002):
                await bot.say("watch", query="RLHF", channel=channel)
                await bot.say("layout", layout="cards", channel=channel)
            await bot.announce(PAPERS[:1])
            await bot.post()
            seen = [next(message for message in bot.messages(channel) if buttons(message.body).get("Save"))
                    for channel in (READING, 4_002)]  # fmt: skip
        for message, member in zip(seen, (ANN, BOB), strict=True):
            await discord.react(message, "🔖", user=member, tell=False)
            await discord.react(message, "⭐", user=OTHER_BOT, tell=False)
        broken = discord.fail("GET /channels/4002/messages", 0, times=1_000_000)
        async with running(discord, tmp_path) as bot:
            await until(lambda: _has(bot, ["2603.00001"]))
            await discord.until(lambda: broken.times < 1_000_000)
            await bot.chat._work.drain(0)
            assert await saved(bot, BOB_REF) == []
            assert await saved(bot, member_ref(GUILD, OTHER_BOT)) == []
        broken.times = 0
        async with running(discord, tmp_path) as bot:
            await until(lambda: _has(bot, ["2603.00001"], BOB_REF))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_lone_paper_is_saved_by_the_save_set_also_on_its_digest(tmp_path: Path) -> None:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        await bot.say("watch", query="RLHF")
        await bot.say("layout", layout="digest")
        await bot.announce(PAPERS[:1])
        await bot.post()
        channel = await bot.store.channel(CHANNEL)
        assert channel is not None
        assert channel.layout is Layout.DIGEST
        message = next(message for message in bot.messages() if message.body.get("embeds"))
        await discord.react(message, "📌")
        await until(lambda: _has(bot, ["2603.00001"]))


async def test_a_brought_card_has_its_member_its_comment_and_its_buttons(bot: Bot) -> None:
    await bot.announce([make_paper("2603.00009", title="Something old")])
    done = await bot.say("post", paper="https://arxiv.org/abs/2603.00009", comment="@everyone *read* this")
    assert done.ephemeral
    await bot.post()
    card = bot.messages()[-1]
    name, comment, title = shown(card.body).splitlines()[:3]
    assert name.endswith(" brought this paper**")
    assert (comment, title) == ("@\u2060everyone ∗read∗ this", "Something old")
    assert card.body["allowed_mentions"]["parse"] == []
    await bot.discord.press(buttons(card.body)["Save"], card)
    await bot.discord.react(card, "🔖", user=BOB)
    await until(lambda: _has(bot, ["2603.00009"]))
    await until(lambda: _has(bot, ["2603.00009"], BOB_REF))
