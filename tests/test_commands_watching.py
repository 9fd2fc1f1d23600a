"""`watch`, `unwatch`, `list` and `preview`, as text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.models import MemberRef
from bot.query import Query
from tests.commands_kit import TODAY, Room, numbered, open_room
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.standins.clock import FakeClock


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


async def test_a_watch_says_what_it_brings_and_when(room: Room) -> None:
    await room.announce(numbered(3, announced=date(2026, 1, 20)))
    await room.announce([make_paper(f"2603.0000{n}", title=f"RLHF of kind {n}") for n in (1, 2)])
    assert await room.told("watch RLHF") == (
        "Watching `RLHF`: papers with “rlhf” in title or abstract.\n"
        "2 matches in the last 30 days, about 2 a day.\n"
        "For example: “RLHF of kind 2” and “RLHF of kind 1”.\n"
        "2 papers of the latest announcement match; they come with the next post, Thu 5 March 09:00 (Europe/Berlin). "
        "`/papers digest` posts them now."
    )


async def test_success_is_said_in_the_channel_and_mistakes_to_the_caller(room: Room) -> None:
    made = await room.say("watch RLHF")
    assert (made.public, made.error) == (True, False)
    again = await room.say("watch rlhf")
    assert (again.public, again.error) == (False, True)


async def test_an_empty_archive_is_said(room: Room) -> None:
    assert await room.told("watch RLHF") == (
        "Watching `RLHF`: papers with “rlhf” in title or abstract.\n"
        "There are no papers in the archive yet to try it on. The archive is still being filled.\n"
        "When the archive is filled, the latest announcement's matches are posted, and each new one from then on."
    )


async def test_an_archive_that_is_being_filled_is_said(room: Room) -> None:
    await room.announce(numbered(2), backfill=True, filling=True)
    assert (await room.told("preview letters")).splitlines()[1] == (
        "2 matches since the archive began on Wednesday 4 March 2026 (1 day), about 2 a day. "
        "The archive is still being filled."
    )


async def test_a_watch_that_matches_nothing_says_when_papers_come(room: Room) -> None:
    await room.announce(numbered(1))
    assert (await room.told("watch RLHF")).splitlines()[1:] == [
        "No match since the archive began on Wednesday 4 March 2026 (1 day).",
        (
            "Nothing of the latest announcement waits for it. "
            "Papers come every weekday at 09:00 (Europe/Berlin), next on Thu 5 March 09:00 (Europe/Berlin)."
        ),
    ]


async def test_a_watch_in_an_instant_channel_is_posted_at_once(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("schedule instant")
    told = await room.told("watch letters")
    assert told.splitlines()[-1] == "1 paper of the latest announcement matches; it comes in a moment."
    assert room.woken == 1
    assert [channel.ref for channel in await room.store.due_channels(("console",), room.clock.now(), 10)] == [CHANNEL]


async def test_a_watch_in_a_silent_or_paused_channel_says_so(room: Room) -> None:
    await room.announce(numbered(2))
    await room.say("schedule off")
    assert (await room.told("watch letters")).splitlines()[-1] == (
        "2 papers of the latest announcement match, but the schedule is off. `/papers digest` posts them now."
    )
    await room.say("pause summer")
    assert (await room.told("watch study")).splitlines()[-1] == (
        "2 papers of the latest announcement match, but this channel is paused (by ann: summer). "
        "`/papers resume` goes on."
    )
    assert (await room.told("watch RLHF")).splitlines()[-1] == (
        "Nothing of the latest announcement waits for it. "
        "This channel is paused (by ann: summer); `/papers resume` goes on."
    )


async def test_a_new_channel_lives_in_its_first_members_time_zone(room: Room) -> None:
    await room.say("watch RLHF", zone="America/New_York")
    channel = await room.store.channel(CHANNEL)
    assert channel is not None
    assert (channel.schedule, channel.name) == ("daily 09:00 weekdays America/New_York", "reading")
    assert channel.next_due == datetime(2026, 3, 4, 14, 0, tzinfo=UTC)


async def test_an_unknown_time_zone_gives_way_to_the_default(room: Room) -> None:
    await room.say("watch RLHF", zone="../../etc/passwd")
    channel = await room.store.channel(CHANNEL)
    assert channel is not None
    assert channel.schedule == "daily 09:00 weekdays Europe/Berlin"


async def test_the_same_query_in_another_spelling_is_no_second_watch(room: Room) -> None:
    await room.say("watch reward model")
    await room.say("watch RLHF", by=BOB)
    assert await room.told("add rlhf") == (
        "This channel watches that already: number 2 of the list, `RLHF`, made by bob on Wednesday 4 March 2026."
    )


async def test_a_channel_has_at_most_100_watches(room: Room) -> None:
    await room.say("import " + "\n".join(f"word{n}" for n in range(100)))
    assert await room.told("watch RLHF") == (
        "This channel has 100 watches already, the most there can be. "
        "End one with `/papers unwatch NUMBER`, or join queries with OR."
    )


async def test_a_query_that_cannot_be_read_shows_the_place_and_the_remedy(room: Room) -> None:
    reply = await room.say('watch "chain of')
    assert reply.error
    assert '"chain of' in reply.text
    assert reply.text.count("`") % 2 == 0


async def test_a_watch_needs_a_query(room: Room) -> None:
    assert await room.told("watch") == "`/papers watch` needs a query. For example: `/papers watch RLHF`."


async def test_rates_are_said_for_a_day_or_a_week(room: Room) -> None:
    days = [TODAY - timedelta(days=n) for n in range(26) if (TODAY - timedelta(days=n)).weekday() < 5]
    for number, day in enumerate(sorted(days)):
        extra = numbered(1, first=100 + number, announced=day, title="RLHF") if number % 5 == 0 else []
        rare = numbered(1, first=200 + number, announced=day, title="Moss") if number == 3 else []
        papers = numbered(3, first=number * 4 + 1, announced=day, title="Rail")
        await room.announce([*papers, *extra, *rare])
    told = [(await room.told(f"preview {word}")).splitlines()[1] for word in ("rail", "rlhf", "moss", "rust")]
    begun = "since the archive began on Monday 9 February 2026 (24 days)"
    assert told == [
        f"54 matches {begun}, about 3 a day.",
        f"4 matches {begun}, about 1 a week.",
        f"1 match {begun}, less than one a week.",
        f"No match {begun}.",
    ]


async def test_an_archive_that_stood_still_names_its_last_day(room: Room) -> None:
    await room.announce(numbered(1, announced=date(2025, 12, 1)) + numbered(2, announced=date(2026, 1, 20)))
    assert (await room.told("preview letters")).splitlines()[1] == (
        "2 matches in the 30 days to Tuesday 20 January 2026, about 2 a day."
    )


async def test_a_preview_changes_nothing(room: Room) -> None:
    await room.announce(numbered(5))
    assert await room.told("preview letters") == (
        "`letters` finds papers with “letter” in title or abstract.\n"
        "5 matches since the archive began on Wednesday 4 March 2026 (1 day), about 5 a day.\n"
        "[2603.00005]\n[2603.00004]\n[2603.00003]\n"
        "Nothing was changed. To watch it: `/papers watch letters`."
    )
    assert await room.store.channel(CHANNEL) is None
    reply = await room.say("preview letters")
    assert not reply.public
    assert [(entry.number, entry.words) for entry in reply.papers] == [(0, ("letters",))] * 3


async def test_a_preview_of_a_watch_says_so(room: Room) -> None:
    await room.say("watch letters")
    assert (await room.told("preview letter")).splitlines()[-1] == (
        "This channel watches it already, as number 1 of its list."
    )


async def test_a_noisy_query_is_told_what_would_make_it_quieter(room: Room) -> None:
    plain = [make_paper(f"2603.{n:05}", title="Model of a reward") for n in range(1, 13)]
    surveys = [make_paper(f"2603.{n:05}", title="A survey of reward and model") for n in range(13, 16)]
    phrases = [make_paper(f"2603.{n:05}", title="A reward model for moss") for n in range(16, 18)]
    await room.announce([*plain, *surveys, *phrases])
    assert (await room.told("preview reward model")).splitlines()[1:3] == [
        "17 matches since the archive began on Wednesday 4 March 2026 (1 day), about 17 a day.",
        (
            'That is a lot. Side by side, `"reward model"`, the words would match 2 instead of 17. '
            "`-survey` would drop 3 and `-moss` 2."
        ),
    ]
    assert (await room.told("preview reward OR model")).splitlines()[2] == (
        "That is a lot. `-survey` would drop 3 and `-moss` 2."
    )


async def test_a_noisy_query_without_a_cure_is_still_called_so(room: Room) -> None:
    await room.announce([make_paper(f"2603.{n:05}", title="Model") for n in range(1, 13)])
    assert (await room.told("preview model")).splitlines()[2] == "That is a lot."


async def test_an_acronym_that_papers_spell_out_is_offered_in_full(room: Room) -> None:
    abstract = "We use reinforcement learning from human feedback (RLHF) to sort letters."
    both = [make_paper(f"2603.0000{n}", abstract=abstract) for n in (1, 2)]
    alone = make_paper("2603.00003", abstract="Reinforcement learning from human feedback sorts letters.")
    await room.announce([*both, alone])
    assert (await room.told("preview RLHF")).splitlines()[2] == (
        'Papers also spell it out: `RLHF OR "reinforcement learning from human feedback"` would match 3 instead of 2.'
    )
    assert (await room.told("preview RLHF letters")).splitlines()[2] == (
        'Papers also spell it out: `(RLHF OR "reinforcement learning from human feedback") letters` '
        "would match 3 instead of 2."
    )
    assert "spell" not in await room.told("preview letters")


async def test_unwatch_takes_any_spelling(room: Room) -> None:
    await room.announce(numbered(2))
    await room.say("watch letters")
    reply = await room.say("unwatch  LETTER")
    assert reply.public
    assert reply.text == (
        "No longer watching `letters`.\n2 waiting papers will not be posted.\n"
        "To bring it back: `/papers watch letters`."
    )
    assert await room.store.watches(CHANNEL) == []


async def test_unwatch_takes_numbers_of_the_list(room: Room) -> None:
    for query in ("alpha", "beta", "gamma"):
        await room.say(f"watch {query}")
    assert await room.told("rm 3 #1 3") == "No longer watching `gamma` and `alpha`."
    assert [made.typed for made in await room.store.watches(CHANNEL)] == ["beta"]
    assert await room.told("rm 2") == "There is no watch number 2 here: there is only 1. `/papers list` shows them."
    await room.say("watch alpha")
    assert await room.told("rm 1 9") == (
        "There is no watch number 9 here: they go from 1 to 2. `/papers list` shows them."
    )
    assert len(await room.store.watches(CHANNEL)) == 2


async def test_a_query_of_digits_needs_quotes_to_be_ended(room: Room) -> None:
    await room.say("watch 3")
    assert await room.told('unwatch "3"') == "No longer watching `3`.\nTo bring it back: `/papers watch 3`."


async def test_unwatch_of_what_is_not_watched(room: Room) -> None:
    assert await room.told("unwatch RLHF") == "There is no watch in this channel. `/papers watch QUERY` makes one."
    await room.say("watch RLHF")
    assert await room.told("unwatch RLFH") == (
        "`RLFH` is not watched in this channel. Did you mean `/papers unwatch RLHF`?"
    )
    assert await room.told("unwatch moss") == "`moss` is not watched in this channel. `/papers list` shows them."
    assert await room.told("unwatch all") == (
        "`all` is not watched in this channel. "
        "Watches end one by one. For silence without losing anything: `/papers pause`."
    )
    assert await room.told("unwatch") == "`/papers unwatch` needs a query. For example: `/papers unwatch RLHF`."
    assert (await room.say('unwatch "RLHF')).error


async def test_the_list_numbers_watches_and_names_their_makers(room: Room) -> None:
    assert await room.told("ls") == "Nothing is watched in this channel yet. For example: `/papers watch RLHF`."
    await room.say("watch RLHF")
    assert await room.told("list") == "This channel has 1 watch:\n1. `RLHF` by ann, Wednesday 4 March 2026"
    await room.say("watch  reward   model", by=MemberRef("console", "local", "x`y", ""))
    reply = await room.say("list")
    assert not reply.public
    assert reply.text == (
        "This channel has 2 watches:\n"
        "1. `RLHF` by ann, Wednesday 4 March 2026\n"
        "2. `reward model` by x'y, Wednesday 4 March 2026"
    )


async def test_a_long_list_comes_in_pages(room: Room) -> None:
    await room.say("import " + "\n".join(f"word{n}" for n in range(1, 31)))
    first = await room.say("list")
    assert (first.more, first.back) == ("list page:2", "")
    assert first.text.startswith("This channel has 30 watches, page 1 of 2:\n1. `word1` by ann")
    second = await room.say(first.more)
    assert (second.more, second.back) == ("", "list page:1")
    assert [line.split(" ")[1] for line in second.text.splitlines()[1:]] == [f"`word{n}`" for n in range(26, 31)]
    assert await room.told("list page:3") == "There is no page 3 of the list. Type `/papers list`."
    assert await room.told("list RLHF") == "`/papers list` takes no query. To look for papers: `/papers search RLHF`."


async def test_two_members_who_are_as_fast_as_each_other(room: Room) -> None:
    made = await asyncio.gather(room.told("watch RLHF"), room.told("watch rlhf", by=BOB))
    assert [told.splitlines()[0] for told in made] == [
        "Watching `RLHF`: papers with “rlhf” in title or abstract.",
        "Somebody made that watch at the same moment. `/papers list` shows them.",
    ]
    ended = await asyncio.gather(room.told("unwatch RLHF"), room.told("unwatch 1", by=BOB))
    assert [told.splitlines()[0] for told in ended] == [
        "No longer watching `RLHF`.",
        "Somebody ended that watch at the same moment. `/papers list` shows them.",
    ]


async def test_a_watch_that_a_later_version_cannot_read_can_still_be_ended(room: Room) -> None:
    await room.say("watch moss")
    query = Query.parse("RLHF")
    await room.store.add_watch(CHANNEL, query, '"RLHF', ANN, room.clock.now(), most=9)
    assert (await room.told('unwatch "RLHF')).startswith('No longer watching `"RLHF`.')


async def test_advice_that_would_be_no_legal_query_is_kept_back(room: Room) -> None:
    await room.announce([make_paper(f"2603.{n:05}", title="A survey of moss (MOS)") for n in range(1, 9)])
    await room.announce([make_paper(f"2603.{n:05}", title="Moss", abstract="moss (MOS)") for n in range(9, 90)])
    crowded = "moss " + " OR ".join(f"word{n}" for n in range(38)) + " OR moss"
    assert (await room.told(f"preview {crowded}")).splitlines()[2] == "That is a lot."


async def test_an_acronym_that_is_spelled_out_once_only_is_left_alone(room: Room) -> None:
    abstract = "We use reinforcement learning from human feedback (RLHF)."
    await room.announce([make_paper(abstract=abstract), make_paper("2603.00002", abstract="We use RLHF.")])
    assert "spell" not in await room.told("preview RLHF")
    assert "spell" not in await room.told('preview "RLHF" OR RLHF')


async def test_a_long_form_that_brings_nothing_more_is_not_offered(room: Room) -> None:
    abstract = "We use reinforcement learning from human feedback (RLHF)."
    await room.announce([make_paper(f"2603.0000{n}", abstract=abstract) for n in range(1, 4)])
    assert "spell" not in await room.told("preview RLHF")
