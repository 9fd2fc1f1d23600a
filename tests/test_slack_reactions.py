"""Save reactions on Slack: on cards, on digests, taken back, told twice, and seen afterwards."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.identity import member_ref
from adapters.slack.reactions import moment, plain_name
from tests.delivery_kit import until
from tests.factories import make_paper
from tests.slack_kit import CLOCK, READING, Bot, running, shown, stand_in
from tests.standins.slack import SlackStandIn
from tests.standins.slack_faults import Kind
from tests.standins.slack_state import Message, User

ANN, BOB = member_ref(READING.workspace, "U0ANN"), member_ref(READING.workspace, "U0BOB")


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with stand_in() as slack:
        yield slack


async def fill(bot: Bot) -> None:
    """A digest of three papers with cards in its thread."""
    await bot.announce([make_paper("2603.00001", title="Something else")])
    await bot.say("watch RLHF")
    await bot.announce([make_paper(f"2603.{n:05}", title=f"Study {n} of RLHF") for n in (2, 3, 4)])
    await bot.post()


@pytest.fixture
async def bot(slack: SlackStandIn, tmp_path: Path) -> AsyncIterator[Bot]:
    async with running(slack, tmp_path) as bot:
        await fill(bot)
        yield bot


def digest(bot: Bot) -> Message:
    return bot.slack.team.channels["C0READING"].messages[1]


def cards(bot: Bot) -> list[Message]:
    return bot.slack.team.channels["C0READING"].messages[2:]


async def saves(bot: Bot, wanted: set[str], member=ANN) -> None:  # type: ignore[no-untyped-def]
    async def there() -> bool:
        return {save.paper.id[-1] for save in await bot.store.saved_by(member, limit=99)} == wanted

    await until(there)


@pytest.mark.parametrize("name", ["bookmark", "star", "floppy_disk", "pushpin"])
async def test_the_save_set_saves_a_card_and_taking_it_away_takes_the_save_back(bot: Bot, name: str) -> None:
    await bot.slack.react(name, cards(bot)[0].ts)
    await saves(bot, {"4"})
    await bot.slack.react(name, cards(bot)[0].ts, added=False)
    await saves(bot, set())


async def test_keycaps_choose_from_a_digest_and_others_bring_one_hint_to_that_member(bot: Bot) -> None:
    await bot.slack.react("three", digest(bot).ts)
    await saves(bot, {"2"})
    await bot.slack.react("bookmark", digest(bot).ts)
    await bot.slack.until(lambda: bot.slack.team.ephemerals)
    await bot.slack.react("star", digest(bot).ts)
    await bot.slack.react("tada", digest(bot).ts)
    await bot.slack.react("one", digest(bot).ts)
    await saves(bot, {"2", "4"})
    (hint,) = bot.slack.team.ephemerals
    assert (hint["user"], hint["channel"]) == ("U0ANN", "C0READING")
    assert "Which of the 3 papers?" in shown(hint)


async def test_an_event_told_again_or_out_of_order_changes_nothing(bot: Bot) -> None:
    ts = cards(bot)[0].ts
    now = time.time()

    def event(kind: str, at: float) -> dict[str, object]:
        item = {"type": "message", "channel": "C0READING", "ts": ts}
        owner = bot.slack.team.bot_user
        return {
            "type": kind,
            "user": "U0ANN",
            "reaction": "star",
            "item_user": owner,
            "item": item,
            "event_ts": f"{at}",
        }

    await bot.slack.event(event("reaction_removed", now + 2), event_id="Ev2")
    await bot.slack.event(event("reaction_added", now + 1), event_id="Ev1")
    await bot.slack.event(event("reaction_added", now + 1), event_id="Ev1")
    await bot.slack.react("one", digest(bot).ts, user="U0BOB")
    await saves(bot, {"4"}, BOB)
    await saves(bot, set())


async def test_what_an_event_leaves_out_is_no_trouble(bot: Bot) -> None:
    for event in (
        {"type": "reaction_added"},
        {"type": "reaction_added", "user": "U0ANN", "item": {"type": "file"}},
        {"type": "reaction_added", "user": "U0ANN", "reaction": "star", "item": {"channel": "C0READING", "ts": "x"}},
        {
            "type": "reaction_added",
            "user": "U0ANN",
            "item_user": "U0BOB",
            "reaction": "star",
            "item": {"channel": "C1"},
        },
    ):
        assert await bot.slack.event(event)
    await bot.slack.react("bookmark", cards(bot)[0].ts)
    await saves(bot, {"4"})


async def test_reactions_to_other_peoples_messages_ask_nothing(bot: Bot) -> None:
    room = bot.slack.team.channels["C0READING"]
    room.messages.append(Message("1.5", {"user": "U0BOB", "ts": "1.5", "text": "hello"}))
    before = len(bot.slack.requests)
    await bot.slack.react("star", "1.5")
    await bot.slack.react("one", digest(bot).ts, user="U0BOB")
    await saves(bot, {"4"}, BOB)
    assert {each.method for each in bot.slack.requests[before:]} <= {"users.info"}


async def test_a_workspace_may_choose_its_reactions(bot: Bot) -> None:
    await bot.store.set_save_reactions("slack", READING.workspace, ["heart"], ANN, bot.clock.now())
    await bot.slack.react("bookmark", cards(bot)[0].ts)
    await bot.slack.react("heart", cards(bot)[1].ts)
    await saves(bot, {"3"})


async def test_saves_made_while_the_bot_was_down_are_picked_up(slack: SlackStandIn, tmp_path: Path) -> None:
    async with running(slack, tmp_path) as bot:
        await fill(bot)
        await slack.react("bookmark", cards(bot)[0].ts)
        await saves(bot, {"4"})
        await bot.say("unsave 2603.00004")
    for number in range(60):
        slack.team.users[f"U9{number}"] = User(f"U9{number}", f"member {number}")
        await slack.react("star", cards(bot)[1].ts, user=f"U9{number}", tell=False)
    await slack.react("two", digest(bot).ts, user="U0BOB", tell=False)
    await slack.react("floppy_disk", digest(bot).ts, tell=False)
    async with running(slack, tmp_path) as again:
        await saves(again, {"3"}, BOB)

        async def everybody() -> bool:
            return len(await again.store.saved_in(READING, limit=9)) == 1 and bool(
                await again.store.saved_by(member_ref(READING.workspace, "U959"), limit=1)
            )

        await until(everybody)
        await saves(again, set())
    assert not slack.team.ephemerals, "what is seen afterwards brings no hint"
    assert slack.asked("reactions.get"), "a list that was cut short is completed"


async def test_a_reaction_is_picked_up_on_a_post_that_was_found_again_long_after(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    async with running(slack, tmp_path) as bot:
        await bot.announce([make_paper("2603.00001", title="Something else")])
        await bot.say("watch RLHF")
        await bot.say("layout digest")
        await bot.announce([make_paper("2603.00002", title="A study of RLHF")])
        await bot.dispatcher._composer.everything()
        (item,) = await bot.store.claim(["slack"], bot.clock.now(), 9)
        sent = await bot.chat.send(READING, item.post)
        await slack.react("bookmark", sent.message, tell=False)
        CLOCK.skip(3600)
        await bot.store.sent(item.post.key, sent, bot.clock.now())
    async with running(slack, tmp_path) as again:
        await saves(again, {"2"})


async def test_a_channel_that_cannot_be_read_back_does_not_keep_others(slack: SlackStandIn, tmp_path: Path) -> None:
    async with running(slack, tmp_path) as bot:
        await fill(bot)
        slack.add_channel("C0OTHER", "other")
        await bot.say("watch RLHF", channel="C0OTHER")
        await bot.announce([make_paper("2603.00009", title="One more on RLHF")])
        await bot.post()
        (_, post, *_) = slack.team.channels["C0OTHER"].messages
    await slack.react("one", post.ts, channel="C0OTHER", tell=False)
    slack.team.channels["C0READING"].members.remove(slack.team.bot_user)
    async with running(slack, tmp_path) as again:
        await saves(again, {"9"})


async def test_a_thread_that_is_gone_does_not_keep_others(slack: SlackStandIn, tmp_path: Path) -> None:
    async with running(slack, tmp_path) as bot:
        await fill(bot)
        await bot.announce([make_paper("2603.00009", title="One more on RLHF")])
        await bot.post()
        old, new = cards(bot)[0], cards(bot)[-1]
    assert old.thread_ts != new.thread_ts
    room = slack.team.channels["C0READING"]
    for card, member in ((old, "U0ANN"), (new, "U0BOB")):
        await slack.react("bookmark", card.ts, user=member, tell=False)
    room.messages[:] = [each for each in room.messages if new.thread_ts not in (each.ts, each.thread_ts)]
    async with running(slack, tmp_path) as again:
        await saves(again, {"4"})
        await saves(again, set(), BOB)


async def test_what_slack_does_not_give_at_once_is_read_later(
    slack: SlackStandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with running(slack, tmp_path) as bot:
        await fill(bot)
        await slack.react("bookmark", cards(bot)[0].ts, tell=False)
    fault = slack.fail(Kind.ERROR_BEFORE, "conversations.replies", times=2)
    async with running(slack, tmp_path) as again:
        await saves(again, {"4"})
        await until(lambda: _read_back(again))
    assert fault.times == 0
    assert caplog.text.count("could not be read: Slack answered conversations.replies") == 2


async def _read_back(bot: Bot) -> bool:
    return await bot.store.note("reactions read back: slack") is not None


def test_names_and_moments() -> None:
    assert plain_name("thumbsup::skin-tone-3") == "thumbsup"
    assert plain_name("x" * 900) == "x" * 100
    assert moment("1772600000.000100") is not None
    for odd in ("", "x", "inf", "nan", "1e300"):
        assert moment(odd) is None


async def test_a_brought_card_is_saved_like_any_other(bot: Bot) -> None:
    await bot.announce([make_paper("2603.00009", title="Something old")])
    done = await bot.say("post <https://arxiv.org/abs/2603.00009> <!channel> *read* &lt;this&gt;")
    assert done.responses[0]["response_type"] == "ephemeral"
    await bot.post()
    card = bot.slack.team.channels["C0READING"].messages[-1]
    said = shown(card.body)
    assert said.splitlines()[:2] == ["*ann brought this paper*", "@channel ∗read∗ &lt;this&gt;"]
    await bot.slack.react("bookmark", card.ts)
    await saves(bot, {"9"})
