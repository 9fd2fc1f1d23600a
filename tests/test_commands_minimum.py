"""`watch min:20 …`: said plainly wherever the watch is named, one watch a query, in and out of files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.commands.minimum import take_minimum, with_minimum
from bot.conversation import File
from bot.models import ChannelRef
from tests.commands_kit import TODAY, Room, numbered, open_room
from tests.factories import BOB, CHANNEL, make_paper, make_signal
from tests.standins.clock import FakeClock

ELSEWHERE = ChannelRef("console", "local", "other")


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        await room.announce(numbered(3))
        yield room


async def vote(room: Room, number: int, upvotes: int) -> None:
    await room.store.put_signals([make_signal(f"2603.{number:05}", upvotes)], room.clock.now())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("min:20 RLHF -survey", (20, "RLHF -survey")),
        ("RLHF MIN=7", (7, "RLHF")),
        ("RLHF", (0, "RLHF")),
        ('"min:20"', (0, '"min:20"')),
        ("a min:20 b", (0, "a min:20 b")),
        ("", (0, "")),
    ],
)
def test_it_stands_in_front_or_behind(text: str, found: tuple[int, str]) -> None:
    assert take_minimum(text) == found
    assert take_minimum(with_minimum(found[1], found[0])) == found


async def test_a_watch_says_that_it_waits(room: Room) -> None:
    await vote(room, 1, 25)
    assert await room.told("watch letters min:20") == (
        "Watching `min:20 letters`: papers with “letter” in title or abstract, "
        "each once it has 20 upvotes on Hugging Face, up to 30 days after its announcement.\n"
        "3 matches since the archive began on Wednesday 4 March 2026 (1 day), about 3 a day. "
        "1 of them has 20 upvotes or more so far.\n"
        "For example: “A study of letters, part 3”, “A study of letters, part 2” and “A study of letters, part 1”.\n"
        "1 paper has its upvotes; it comes with the next post, Thu 5 March 09:00 (Europe/Berlin). "
        "`/papers digest` posts it now."
    )
    assert await room.told("list") == (
        "This channel has 1 watch:\n1. `min:20 letters` by ann, Wednesday 4 March 2026; a paper waits for 20 upvotes"
    )
    assert (await room.told("watch min:5 zebra")).splitlines()[-1] == (
        "No paper that it waits for has its upvotes yet. "
        "Papers come every weekday at 09:00 (Europe/Berlin), next on Thu 5 March 09:00 (Europe/Berlin)."
    )


async def test_papers_come_when_they_have_them(room: Room) -> None:
    await room.say("watch min:20 letters")
    await vote(room, 1, 19)
    assert await room.told("digest") == (
        "Nothing waits to be posted. Papers come every weekday at 09:00 (Europe/Berlin), next on "
        "Thu 5 March 09:00 (Europe/Berlin). `/papers status` says more."
    )
    await vote(room, 1, 20)
    await room.post()
    await vote(room, 1, 21)
    await vote(room, 2, 20)
    (entry,) = await room.store.latest_entries(CHANNEL)
    assert entry.paper.id == "2603.00001"
    assert [delivery.paper.id for delivery in await room.store.waiting(CHANNEL)] == ["2603.00002"]


async def test_an_instant_channel_is_told_at_once(room: Room) -> None:
    await room.say("schedule instant")
    await vote(room, 1, 20)
    told = await room.told("watch min:20 letters")
    assert told.splitlines()[-1] == "1 paper has its upvotes; it comes in a moment."
    assert room.woken == 1


async def test_the_same_query_with_another_number_is_the_same_watch(room: Room) -> None:
    await room.say("watch letters")
    assert await room.told("watch min:20 letter", by=BOB) == (
        "Number 1 of the list, `letters`, is now `min:20 letter`: papers with “letter” in title or abstract, "
        "each once it has 20 upvotes on Hugging Face, up to 30 days after its announcement.\n"
        "3 matches since the archive began on Wednesday 4 March 2026 (1 day), about 3 a day. "
        "0 of them have 20 upvotes or more so far.\n"
        "3 waiting papers wait for upvotes now.\n"
        "No paper that it waits for has its upvotes yet. "
        "Papers come every weekday at 09:00 (Europe/Berlin), next on Thu 5 March 09:00 (Europe/Berlin)."
    )
    again = await room.say("watch min:20 letters")
    assert again.error
    assert again.text.startswith("This channel watches that already: number 1 of the list, `min:20 letter`")
    back = await room.say("watch letters")
    assert back.public
    assert "Number 1 of the list, `min:20 letter`, is now `letters`" in back.text
    assert "3 papers of the latest announcement match" in back.text
    assert [watch.upvotes for watch in await room.store.watches(CHANNEL)] == [0]


async def test_it_is_ended_by_any_spelling_with_or_without_the_number(room: Room) -> None:
    for spelling in ("letters", "min:20 letter", "letters min:7", "1"):
        await room.say("watch min:20 letters")
        assert await room.told(f"unwatch {spelling}") == (
            "No longer watching `min:20 letters`.\nTo bring it back: `/papers watch min:20 letters`."
        )


async def test_a_preview_says_it_too(room: Room) -> None:
    await vote(room, 2, 25)
    told = (await room.told("preview min:20 letters")).splitlines()
    assert told[0].endswith("each once it has 20 upvotes on Hugging Face, up to 30 days after its announcement.")
    assert told[1].endswith("1 of them has 20 upvotes or more so far.")
    assert told[-1] == "Nothing was changed. To watch it: `/papers watch min:20 letters`."
    await room.say("watch min:20 letters")
    assert "watches it already" in await room.told("preview min:20 letters")
    assert "To watch it" in await room.told("preview letters")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("min:20", "`min:20` needs a query beside it. For example: `/papers watch min:20 RLHF`."),
        ("min:0 RLHF", "`min:0` is no number of upvotes. It goes from `min:1` to `min:10000`."),
        ("min:10001 RLHF", "`min:10001` is no number of upvotes. It goes from `min:1` to `min:10000`."),
        ("min:x` RLHF", "`min:x'` is no number of upvotes. It goes from `min:1` to `min:10000`."),
        ("RLHF min:", "`min:` is no number of upvotes. It goes from `min:1` to `min:10000`."),
        ("min:-5 RLHF", "`min:-5` is no number of upvotes. It goes from `min:1` to `min:10000`."),
        ("min:²0 RLHF", "`min:²0` is no number of upvotes. It goes from `min:1` to `min:10000`."),
    ],
)
async def test_what_is_no_number_is_refused(room: Room, typed: str, said: str) -> None:
    for name in ("watch", "preview"):
        assert await room.told(f"{name} {typed}") == said
    assert await room.store.watches(CHANNEL) == []


async def test_a_second_number_or_one_inside_is_no_field(room: Room) -> None:
    for typed in ("min:20 letters min:30", "a min:20 b", "(letters min:20)"):
        reply = await room.say(f"watch {typed}")
        assert reply.error, typed
        assert "min" in reply.text


async def test_it_goes_out_to_a_file_and_comes_back(room: Room) -> None:
    await room.say("watch min:20 letters")
    await room.say("watch moss")
    await room.say("sort hot")
    (file,) = (await room.say("export")).files
    content = json.loads(file.content)
    assert (content["watches"], content["sort"]) == (["min:20 letters", "moss"], "hot")
    reply = await room.say("import", channel=ELSEWHERE, files=(file,))
    assert reply.text == "2 watches made. The order is now hot."
    assert [watch.upvotes for watch in await room.store.watches(ELSEWHERE)] == [20, 0]
    assert (await room.say("export", channel=ELSEWHERE)).files == (file,)
    again = await room.say("import", channel=ELSEWHERE, files=(file,))
    assert again.text == "Nothing changed: 2 watches were there already."


async def test_an_import_changes_the_number_of_what_is_watched(room: Room) -> None:
    await room.say("watch letters")
    assert await room.told("import min:5 letter\nmin:9 moss") == "1 watch made, 1 changed."
    assert [watch.typed for watch in await room.store.watches(CHANNEL)] == ["min:5 letter", "min:9 moss"]


async def test_what_is_wrong_in_a_file_is_named(room: Room) -> None:
    content = {"format": "paperroute channel", "version": 1, "sort": "warm", "watches": ["min:x a"]}
    file = File("a.json", "application/json", json.dumps(content).encode())
    reply = await room.say("import", files=(file,))
    assert reply.error
    assert reply.text.splitlines()[1:] == [
        "`sort` must be `new` or `hot`.",
        "Watch 1, `min:x a`: `min:x` is no number of upvotes. It goes from `min:1` to `min:10000`.",
    ]


async def test_a_proposed_exclusion_keeps_the_number_in_front(room: Room) -> None:
    await room.say("watch min:2 rail OR road")
    papers = [make_paper(f"2603.{n:05}", title="Rail survey of cargo", announced=TODAY) for n in range(11, 17)]
    others = [make_paper(f"2603.{n:05}", title="Rail for towns", announced=TODAY) for n in range(17, 37)]
    await room.announce([*papers, *others])
    for paper in papers:
        await room.store.dismiss(CHANNEL, BOB, paper.id, room.clock.now())
    said = await room.told("status")
    assert "`/papers watch min:2 (rail OR road) -" in said
    assert "then `/papers unwatch min:2 rail OR road`" in said
