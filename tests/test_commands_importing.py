"""`import`, and `export` of what it reads back, as text and as files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands.importing import IN_PARTS
from bot.conversation import Command, File, FileWay
from bot.models import ChannelRef
from tests.commands_kit import Room, numbered, open_room
from tests.factories import ANN, CHANNEL
from tests.standins.clock import FakeClock

NOTHING = (
    "There is nothing to import. Type queries after it, one a line, or paste or attach what `/papers export` gave."
)


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


def attached(content: bytes | str, name: str = "channel.json") -> tuple[File, ...]:
    return (File(name, "application/json", content.encode() if isinstance(content, str) else content),)


def exported(**changes: object) -> str:
    content: dict[str, object] = {"format": "paperroute channel", "version": 1, "watches": ["RLHF"]}
    return json.dumps(content | changes)


async def test_a_channel_is_exported_and_imported_elsewhere(room: Room) -> None:
    await room.say('watch "chain of thought"')
    await room.say("watch Émile OR #cs.CL")
    await room.say("schedule weekly mon 10:00 Asia/Tokyo")
    await room.say("layout cards")
    reply = await room.say("export")
    assert not reply.public
    assert reply.text == "This channel's settings and 2 watches; `/papers import` reads them back."
    (file,) = reply.files
    assert (file.name, file.media_type) == ("paperroute-channel.json", "application/json")
    assert json.loads(file.content) == {
        "format": "paperroute channel",
        "version": 1,
        "schedule": "weekly mon 10:00 Asia/Tokyo",
        "layout": "cards",
        "watches": ['"chain of thought"', "Émile OR #cs.CL"],
    }
    elsewhere = ChannelRef("console", "local", "other")
    reply = await room.say("import paperroute-channel.json", channel=elsewhere, files=(file,))
    assert reply.public
    assert reply.text == (
        "2 watches made. Papers now come every Monday at 10:00 (Asia/Tokyo). The layout is now cards."
    )
    (again,) = (await room.say("export", channel=elsewhere)).files
    assert again == file


async def test_the_weekly_top_goes_along(room: Room) -> None:
    await room.say("schedule top mon 10:00 Asia/Tokyo")
    (file,) = (await room.say("export")).files
    assert json.loads(file.content)["top"] == "mon 10:00 Asia/Tokyo"
    elsewhere = ChannelRef("console", "local", "other")
    assert (await room.say("import", channel=elsewhere, files=(file,))).text == (
        "The week's top now comes every Monday at 10:00 (Asia/Tokyo)."
    )
    assert (await room.say("import", channel=elsewhere, files=(file,))).text == "Nothing changed."
    assert (await room.say("export", channel=elsewhere)).files == (file,)
    none = attached(exported(top="off", watches=[]))
    assert (await room.say("import", channel=elsewhere, files=none)).text == ("There is no weekly top any more.")
    assert (await room.say("import", channel=elsewhere, files=none)).text == "Nothing changed."


async def test_proposals_go_along(room: Room) -> None:
    await room.say("similar on")
    (file,) = (await room.say("export")).files
    assert json.loads(file.content)["similar"] is True
    elsewhere = ChannelRef("console", "local", "other")
    end = "up to 3 new papers like those saved here in the last 90 days, each with its reason."
    preview = await room.say("import preview", channel=elsewhere, files=(file,))
    assert preview.text.splitlines()[-1] == f"Digests would end with {end}"
    with_cards = attached(exported(similar=True, layout="cards"))
    preview = await room.say("import preview", channel=elsewhere, files=with_cards)
    assert preview.text.splitlines()[-1] == (
        f"Digests would end with {end} There is no digest while the layout is `cards`: `/papers layout thread`."
    )
    assert await room.store.channel(elsewhere) is None
    assert (await room.say("import", channel=elsewhere, files=(file,))).text == (f"Digests now end with {end}")
    assert (await room.say("import", channel=elsewhere, files=(file,))).text == "Nothing changed."
    assert (await room.say("export", channel=elsewhere)).files == (file,)
    none = attached(exported(similar=False, watches=[]))
    preview = await room.say("import preview", channel=elsewhere, files=none)
    assert preview.text.splitlines()[-1] == "Digests would no longer end with similar papers."
    assert (await room.say("import", channel=elsewhere, files=none)).text == (
        "Digests no longer end with similar papers."
    )
    assert (await room.say("import", channel=elsewhere, files=none)).text == "Nothing changed."


async def test_an_unknown_channel_can_be_exported(room: Room) -> None:
    (file,) = (await room.say("export")).files
    assert json.loads(file.content)["watches"] == []
    assert await room.store.channel(CHANNEL) is None


async def test_importing_twice_changes_nothing(room: Room) -> None:
    await room.say("watch rlhf")
    lines = "RLHF\n\n# what we read\n#cs.CL letters\n  reward model\r\nmodel reward\n"
    assert await room.told(f"import {lines}") == "2 watches made, 1 was there already."
    assert await room.told(f"import {lines}") == "Nothing changed: 3 watches were there already."


async def test_pasted_json_may_stand_in_back_quotes(room: Room) -> None:
    assert await room.told(f"import ```\n{exported()}\n```") == "1 watch made."


async def test_an_instant_channel_is_served_at_once(room: Room) -> None:
    await room.announce(numbered(1))
    assert await room.told("import " + exported(schedule="instant", watches=["letters"])) == (
        "1 watch made. Papers now come as soon as they are found."
    )
    assert room.woken == 1
    assert [channel.ref for channel in await room.store.due_channels(("console",), room.clock.now(), 9)] == [CHANNEL]
    await room.post()
    await room.say("import moss")
    assert room.woken == 1


async def test_every_mistake_is_listed_and_nothing_is_imported(room: Room) -> None:
    content = exported(
        format="x", version=True, schedule="dayly", layout="grid", watches=["RLHF", 7, '"open'], watch=["b`"]
    )
    reply = await room.say("import", files=attached(content))
    assert reply.error
    said = reply.text.splitlines()
    assert said[0] == "Nothing was imported:"
    assert said[1] == '`format` must be `"paperroute channel"`.'
    assert said[2] == "`version` must be 1."
    names = "`format`, `version`, `schedule`, `layout`, `top`, `sort`, `similar`, `watches`"
    assert said[3] == f"`watch` means nothing here; the names are {names}."
    assert said[4].startswith("`schedule`: A schedule cannot begin with “dayly”. Did you mean `daily`?")
    assert said[5] == "`layout` must be `thread`, `cards` or `digest`."
    assert said[6] == "Watch 2 must be a query in quotation marks."
    assert said[7].startswith('Watch 3, `"open`: ')
    assert len(said) == 8
    assert await room.store.channel(CHANNEL) is None


async def test_more_than_ten_mistakes_are_counted(room: Room) -> None:
    said = (await room.told("import " + "\n".join(['"open'] * 25))).splitlines()
    assert len(said) == 12
    assert said[1].startswith('Line 1, `"open`: ')
    assert said[-1] == "… and 15 more mistakes."


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"similar": "on"}, "`similar` must be `true` or `false`."),
        ({"version": 2}, "The file was written by a later version of paperroute; update this one to import it."),
        ({"version": 10**30}, "The file was written by a later version of paperroute; update this one to import it."),
        ({"version": "1"}, "`version` must be 1."),
        ({"schedule": 9}, "`schedule` must be text, as in `daily 09:00 weekdays Europe/Berlin`."),
        ({"layout": ["thread"]}, "`layout` must be `thread`, `cards` or `digest`."),
        ({"top": 9}, "`top` must be text, as in `mon 09:00 Europe/Berlin`."),
        ({"top": "09:00"}, "`top`: A weekly schedule needs its day."),
        ({"watches": "RLHF"}, "`watches` must be a list of queries."),
    ],
)
async def test_a_wrong_value_is_named(room: Room, changes: dict[str, object], mistake: str) -> None:
    assert await room.told("import " + exported(**changes)) == f"Nothing was imported:\n{mistake}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"format": }', "The JSON cannot be read: Expecting value in line 1."),
        ('{"a":' * 20_000, "The JSON cannot be read: it is no export of a channel."),
        ('{"a": ' + "9" * 9000 + "}", "The JSON cannot be read: it is no export of a channel."),
        (b"\xff\xfe\x00", "That is not text in UTF-8. `/papers export` shows what is expected."),
        (b"", NOTHING),
        (b"\x1f\x8b\x08\x00", "That is a packed file. Unpack it first."),
        (b"RLHF\x00\x01", "That is not text in UTF-8. `/papers export` shows what is expected."),
        ("moss".encode("utf-16-le"), "That is not text in UTF-8. `/papers export` shows what is expected."),
        (
            '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><opml>&b;</opml>',
            "The OPML defines entities or a document type, which no feed reader does.",
        ),
        (b"x" * 100_001, f"That is 100,001 bytes; at most 100,000 can be imported. {IN_PARTS}"),
        ("a\n" * 101, "That is 101 queries; a channel can have 100 watches."),
        (json.dumps({"watches": ["a"] * 101}), "That is 101 queries; a channel can have 100 watches."),
    ],
)
async def test_a_hostile_file_gets_a_sentence(room: Room, content: bytes | str, said: str) -> None:
    reply = await room.say("import", files=attached(content))
    assert (reply.text, reply.error) == (said, True)


async def test_what_is_no_import(room: Room) -> None:
    assert await room.told("import") == NOTHING
    assert await room.told("import watches.json") == (
        "No file `watches.json` came with the command. Attach it, or paste what is in it."
    )
    two = attached("a") + attached("b")
    assert (await room.say("import", files=two)).text == (
        "2 files came with the command; one can be imported at a time."
    )


async def test_a_channel_cannot_be_filled_over_its_limit(room: Room) -> None:
    await room.say("watch RLHF")
    assert await room.told("import " + "\n".join(f"word{n}" for n in range(100))) == (
        "Nothing was imported:\n100 new watches and the 1 of this channel are more than the 100 there can be."
    )
    assert len(await room.store.watches(CHANNEL)) == 1


@pytest.mark.parametrize(
    ("way", "nothing", "no_file"),
    [
        (FileWay.ATTACHED, NOTHING.removeprefix("There is nothing to import. "), "Attach it, or paste what is in it."),
        (
            FileWay.NAMED,
            "Name a file of queries, one a line, or one that `/papers export` gave, as in `import watches.json`.",
            "Name a file that is there.",
        ),
        (
            FileWay.NONE,
            "Type queries after it, one a line, or paste what `/papers export` gave.",
            "No command takes a file along here: paste what is in it.",
        ),
    ],
)
async def test_only_what_the_platform_can_do_is_asked_for(room: Room, way: FileWay, nothing: str, no_file: str) -> None:
    async def told(text: str) -> str:
        return (await room.inbox.command(Command(CHANNEL, ANN, text, "reading", file_way=way))).text

    assert await told("import") == f"There is nothing to import. {nothing}"
    assert await told("import list.txt") == f"No file `list.txt` came with the command. {no_file}"


SAME, NEW, OTHER = "RLHF", "fern", "moss min:20"
LATER = "Papers now come every Monday at 10:00 (UTC)."
WOULD = "Papers would come every Monday at 10:00 (UTC)."


@pytest.mark.parametrize(
    ("watches", "done", "would"),
    [
        ([], "", ""),
        ([SAME], "1 watch was there already.", "1 watch is there already: `RLHF`."),
        ([OTHER], "1 watch changed.", "1 watch would change: `min:20 moss`."),
        ([OTHER, SAME], "1 watch changed, 1 was there already.",
         "1 watch would change: `min:20 moss`. 1 watch is there already: `RLHF`."),
        ([NEW], "1 watch made.", "`fern`"),
        ([NEW, SAME], "1 watch made, 1 was there already.", "`fern` 1 watch is there already: `RLHF`."),
        ([NEW, OTHER], "1 watch made, 1 changed.", "`fern` 1 watch would change: `min:20 moss`."),
        ([NEW, "sedge", OTHER, SAME], "2 watches made, 1 changed, 1 was there already.",
         "`fern` `sedge` 1 watch would change: `min:20 moss`. 1 watch is there already: `RLHF`."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("schedule", ["", "weekly mon 10:00 UTC"])
@pytest.mark.parametrize("mistake", [False, True])
async def test_what_is_none_is_not_counted(
    room: Room, watches: list[str], done: str, would: str, schedule: str, *, mistake: bool
) -> None:
    await room.say("watch RLHF")
    await room.say("watch moss min:10")
    wrong = ['"open'] if mistake else []
    content = exported(watches=[*watches, *wrong], **({"schedule": schedule} if schedule else {}))
    new = sum(each in (NEW, "sedge") for each in watches)
    changes = bool(new or OTHER in watches or schedule)

    previewed = (await room.say("import preview", files=attached(content))).text.splitlines()
    head = previewed.pop(0)
    assert head == ("Nothing would be imported:" if mistake else "Nothing was changed.")
    if mistake:
        assert '`"open`' in previewed.pop(0)
    whole = "What is right in it" if mistake else "Importing this"
    if new:
        assert previewed.pop(0) == f"{whole} would make {'1 watch' if new == 1 else f'{new} watches'}:"
    elif changes:
        assert previewed.pop(0) == f"{whole} would make no watch."
    elif not mistake:
        assert previewed.pop(0) == "Importing this would change nothing."
    if schedule:
        previewed.remove(WOULD)
    assert " ".join(previewed) == would

    told = (await room.say("import", files=attached(content))).text
    if mistake:
        assert told.startswith("Nothing was imported:\n")
    elif changes:
        assert told == " ".join(part for part in (done, LATER if schedule else "") if part)
    else:
        assert told == (f"Nothing changed: {done}" if done else "Nothing changed.")


async def test_a_preview_says_what_would_be_made_and_changes_nothing(room: Room) -> None:
    await room.say("watch RLHF")
    content = exported(watches=["RLHF", "moss", "#cs.CL"], schedule="weekly mon 10:00 Asia/Tokyo", layout="cards")
    reply = await room.say("import preview", files=attached(content))
    assert (reply.public, reply.error) == (False, False)
    assert reply.text == (
        "Nothing was changed.\nImporting this would make 2 watches:\n`moss`\n`#cs.CL`\n"
        "Papers would come every Monday at 10:00 (Asia/Tokyo).\nThe layout would be cards.\n"
        "1 watch is there already: `RLHF`."
    )
    assert len(await room.store.watches(CHANNEL)) == 1
    elsewhere = ChannelRef("console", "local", "other")
    assert (await room.say("import PREVIEW moss", channel=elsewhere)).text == (
        "Nothing was changed.\nImporting this would make 1 watch:\n`moss`"
    )
    assert await room.store.channel(elsewhere) is None
    assert await room.told("import preview RLHF") == (
        "Nothing was changed.\nImporting this would change nothing.\n1 watch is there already: `RLHF`."
    )


async def test_a_preview_names_what_is_wrong_beside_what_is_right(room: Room) -> None:
    reply = await room.say('import preview moss\n"open\nRLHF')
    assert reply.error
    said = reply.text.splitlines()
    assert said[0] == "Nothing would be imported:"
    assert said[1].startswith('Line 2, `"open`: ')
    assert said[2:] == ["What is right in it would make 2 watches:", "`moss`", "`RLHF`"]


async def test_a_preview_of_nothing_that_is_right(room: Room) -> None:
    said = (await room.told('import preview "open')).splitlines()
    assert said[0] == "Nothing would be imported:"
    assert len(said) == 2


async def test_a_long_preview_is_cut(room: Room) -> None:
    said = (await room.told("import preview " + "\n".join(f"word{n}" for n in range(40)))).splitlines()
    assert said[-2:] == ["`word24`", "… and 15 more."]
    await room.say("import " + "\n".join(f"word{n}" for n in range(40)))
    said = (await room.told("import preview " + "\n".join(f"word{n}" for n in range(40)))).splitlines()
    assert said[-1].startswith("40 watches are there already: `word0`, ")
    assert said[-1].endswith("`word9` and 30 more.")


async def test_feeds_become_watches_and_the_rest_is_named(room: Room) -> None:
    content = (
        '<opml version="2.0"><body>\n<outline text="arXiv">\n'
        '<outline type="rss" xmlUrl="https://export.arxiv.org/rss/cs.CL"/>\n'
        '<outline type="rss" xmlUrl="https://blog.example/feed"/>\n</outline></body></opml>'
    )
    reply = await room.say("import", files=attached(content, "feeds.opml"))
    assert reply.public
    assert reply.text == ("1 watch made.\n1 remark on what was left out or differs: `/papers import preview` shows it.")
    shown = (await room.say("import preview", files=attached(content, "feeds.opml"))).text
    assert shown.splitlines()[-1] == "Line 4, `blog.example`: that is no feed of arXiv."
    assert [made.typed for made in await room.store.watches(CHANNEL)] == ["cat:cs.CL"]


async def test_utf_16_with_its_mark_is_read(room: Room) -> None:
    reply = await room.say("import", files=attached("moss\n# a list\nÉmile\n".encode("utf-16"), "list.txt"))
    assert reply.text == "2 watches made."


@settings(max_examples=25)
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["format", "version", "schedule", "layout", "top", "watches", "x`"]), inner, max_size=5
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode())
)
async def test_no_content_breaks_the_import(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        async with open_room(Path(folder), FakeClock()) as room:
            reply = await room.say("import", files=attached(content))
            assert "inside paperroute" not in reply.text
            assert reply.text.count("`") % 2 == 0
