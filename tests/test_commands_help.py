"""Finding and explaining commands, and answering whatever is typed."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import COMMANDS
from bot.commands.complaint import answered, complaint
from bot.commands.help import QUERY_EXAMPLES
from bot.commands.importing import IN_PARTS
from bot.conversation import Reply
from bot.errors import CommandError, PaperrouteError, QueryError, SourceError, StoreError
from tests.commands_kit import Room, numbered, open_room
from tests.factories import make_paper
from tests.standins.clock import FakeClock


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


async def test_a_command_without_words_shows_watches_and_help(room: Room) -> None:
    await room.say("watch RLHF")
    for text in ("", "  ", "/papers"):
        reply = await room.say(text)
        assert not reply.public
        said = reply.text.splitlines()
        assert said[:4] == [
            "This channel has 1 watch:",
            "1. `RLHF` by ann, Wednesday 4 March 2026",
            "",
            "Type one of these:",
        ]
    assert (await room.told("")).endswith(await room.told("help"))


async def test_the_help_has_every_command_in_a_line(room: Room) -> None:
    said = (await room.told("help")).splitlines()
    assert said[1:3] == ["Watches:", "`/papers watch QUERY` – post new papers that match a query in this channel"]
    assert said[-1] == "More: `/papers help watch` about a command, `/papers help query` about what to watch for."
    assert sum(line.startswith("`/papers ") for line in said) == len(COMMANDS)
    assert max(map(len, said)) <= 200


async def test_a_command_is_explained(room: Room) -> None:
    expected = (
        "`/papers watch QUERY`: Post new papers that match a query in this channel.\n"
        "The query is tried on the archive first, so you see how much it brings.\n"
        "With `min:20` in front of the query, a paper is posted once it has 20 upvotes on Hugging Face.\n"
        'For example: `/papers watch diffusion OR "flow matching" -survey`.\n'
        "`subscribe` or `add` means the same.\n"
        "What a query can say: `/papers help query`."
    )
    for name in ("watch", "ADD", "/subscribe"):
        assert await room.told(f"help {name}") == expected
    assert await room.told("? digest") == "`/papers digest`: Post what waits, now.\nFor example: `/papers digest`."


async def test_the_query_language_is_explained_in_examples_that_can_be_typed(room: Room) -> None:
    said = (await room.told("help query")).splitlines()
    assert said[0] == "A query says which papers are meant:"
    assert said[3] == '`"chain of thought"` – the phrase'
    assert said[-2:] == [
        "Case, accents, hyphens and plurals make no difference; at most 500 characters and 40 terms.",
        "`/papers preview QUERY` tries one without watching it.",
    ]
    for example, _ in QUERY_EXAMPLES:
        assert not (await room.say(f"preview {example}")).error


async def test_examples_of_the_table_can_be_typed(room: Room) -> None:
    await room.announce([*numbered(5), make_paper("1706.03762", title="A letter")])
    room.source.known["2005.14165"] = make_paper("2005.14165")
    await room.say("watch letters")
    await room.say("watch study")
    await room.post()
    for info in COMMANDS:
        if info.name != "resume":
            assert not (await room.say(info.example)).error, info.example
    assert not (await room.say("resume")).error


async def test_help_for_what_is_no_command(room: Room) -> None:
    assert await room.told("help wach") == "There is no command `wach`. Did you mean `/papers help watch`?"
    assert await room.told("help moss") == "There is no command `moss`. `/papers help` lists them."


async def test_an_unknown_command_is_answered_with_the_way_on(room: Room) -> None:
    reply = await room.say("wach RLHF")
    assert (reply.error, reply.public) == (True, False)
    assert reply.text == "There is no command `wach`. Did you mean `/papers watch RLHF`?"
    assert await room.told("RLHF agents") == (
        "There is no command `RLHF`. To watch for it: `/papers watch RLHF agents`; all commands: `/papers help`."
    )
    assert await room.told('"moss') == 'There is no command `"moss`. All commands: `/papers help`.'
    assert await room.told("x" * 600) == f"There is no command `{'x' * 39}…`. All commands: `/papers help`."
    assert await room.told("wach " + "x" * 600) == "There is no command `wach`. Did you mean `/papers watch`?"


async def test_a_command_beyond_reason_is_refused(room: Room) -> None:
    said = "A command has at most 100,000 characters."
    assert await room.told("watch " + "x" * 1_000_000) == f"{said} Shorten it."
    assert await room.told("/papers import " + "x" * 1_000_000) == f"{said} {IN_PARTS}"


async def test_a_query_error_names_its_place_once() -> None:
    plain = QueryError("There is a stray parenthesis.", text="a ) `b`", position=2, hint="For example: `(a OR b)`.")
    assert complaint(plain) == "There is a stray parenthesis. It is at `) 'b'`. For example: `(a OR b)`."
    quoting = QueryError("`)` closes nothing.", text="a )", position=2, hint="Leave it out.")
    assert complaint(quoting) == "`)` closes nothing. Leave it out."
    at_the_end = QueryError("Something is missing.", text="a OR", position=4, hint="Name it.")
    assert complaint(at_the_end) == "Something is missing. Name it."
    too_long = QueryError("It is too long.", text="x" * 600, position=500, hint="Make it short.")
    assert complaint(too_long) == "It is too long. Make it short."


async def test_every_kind_of_error_is_a_sentence() -> None:
    full = StoreError("The disk of /secret/place.db is full.", path="/secret/place.db", hint="Free some space.")
    assert complaint(full) == "The disk of place.db is full. Free some space."
    assert complaint(SourceError("arXiv could not be reached.")) == "arXiv could not be reached. Try again in a minute."
    assert complaint(SourceError("arXiv said no.", retry_after=9)) == "arXiv said no. Try again in a minute."
    assert complaint(SourceError("arXiv said no.", retry_after=601)) == "arXiv said no. Try again in 11 minutes."
    assert complaint(SourceError("It is no address.", permanent=True)) == "It is no address."
    assert complaint(PaperrouteError("Something else.")) == "Something else."
    assert complaint(CommandError("an odd ` quote")) == "an odd ' quote"


async def test_a_store_that_fails_is_said_and_logged(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    await room.store.close()
    reply = await room.say("watch RLHF")
    assert reply.error
    assert "a command failed" in caplog.text


async def test_a_defect_is_logged_and_admitted(caplog: pytest.LogCaptureFixture) -> None:
    async def defect() -> Reply:
        raise ZeroDivisionError("secret")

    reply = await answered(defect())
    assert reply.error
    assert reply.text == (
        "Something went wrong inside paperroute, and this was not done. The log says more to whoever runs it."
    )
    assert "ZeroDivisionError: secret" in caplog.text


_names = st.sampled_from([word for info in COMMANDS for word in (info.name, *info.aliases)])
_arguments = st.text(max_size=40) | st.sampled_from(
    ["1", "2 3", "page:2", "page:x", "@x", "bibtex", "all", '"', "((", "`"]
)


@settings(max_examples=25)
@given(st.lists(st.tuples(_names | st.text(max_size=10), _arguments), min_size=1, max_size=6))
async def test_whatever_is_typed_is_answered(typed: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        async with open_room(Path(folder), FakeClock()) as room:
            for name, argument in typed:
                reply = await room.say(f"{name} {argument}")
                assert reply.text
                assert "inside paperroute" not in reply.text
                assert all(line.count("`") % 2 == 0 for line in (reply.text + "\n" + reply.footer).splitlines())
                assert not (reply.error and reply.public)
                assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in reply.text.replace("\n", ""))
