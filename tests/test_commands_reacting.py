"""`reactions`, as text, and what a member may type as reactions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.reactions import KEYCAPS, SAVE_SET, is_name, name_of, same_as, typed_reactions
from tests.commands_kit import Room, open_room
from tests.factories import ANN, CHANNEL
from tests.standins.clock import FakeClock

KEYCAP_LINE = "On a post of several papers, a keycap with the paper's number saves it."


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


async def test_the_default_is_shown(room: Room) -> None:
    reply = await room.say("reactions")
    assert not reply.public
    assert reply.text == (
        "In this workspace `:bookmark:`, `:star:`, `:floppy_disk:` or `:pushpin:` saves a paper (the default).\n"
        f"{KEYCAP_LINE}\n"
        "Type `/papers reactions star heart` to set others."
    )


async def test_a_workspace_sets_its_own_and_goes_back(room: Room) -> None:
    reply = await room.say("reactions :heart: Party-Parrot, ⭐")
    assert (reply.text, reply.public) == (
        "In this workspace `:heart:`, `:party-parrot:` or `:star:` now saves a paper.",
        True,
    )
    assert await room.store.save_reactions("console", "local") == ("heart", "party-parrot", "star")
    assert await room.told("reactions") == (
        "In this workspace `:heart:`, `:party-parrot:` or `:star:` saves a paper.\n"
        f"{KEYCAP_LINE}\n"
        "Type `/papers reactions star heart` to set others, `/papers reactions default` to go back to the default."
    )
    away = replace(ANN, workspace="away")
    assert "(the default)" in (await room.say("reactions", by=away, channel=replace(CHANNEL, workspace="away"))).text
    reply = await room.say("reactions Default")
    assert reply.public
    assert reply.text.endswith("`:floppy_disk:` or `:pushpin:` now saves a paper.")
    assert await room.store.save_reactions("console", "local") is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (":one:", "`:one:` cannot be one of them: keycaps choose a paper by its number."),
        ("star 2️⃣", "`:two:` cannot be one of them: keycaps choose a paper by its number."),
        ("keycap_1", "`:keycap_1:` cannot be one of them: keycaps choose a paper by its number."),
        ("∮", "`∮` is no name of a reaction."),
        ("a/b", "`a/b` is no name of a reaction."),
        ("x" * 101, f"`{'x' * 39}…` is no name of a reaction."),
        (",", "`,` names no reaction."),
        (":skin-tone-2:", "`:skin-tone-2:` names no reaction."),
        (" ".join(f"r{n}" for n in range(11)), "That is 11 reactions; at most 10 can save."),
    ],
)
async def test_what_cannot_save_is_refused_and_nothing_is_set(room: Room, typed: str, said: str) -> None:
    reply = await room.say(f"reactions {typed}")
    assert reply.error
    assert reply.text.startswith(said)
    assert await room.store.save_reactions("console", "local") is None


def test_reactions_are_read_however_they_are_typed() -> None:
    assert typed_reactions(":star::heart: :+1::skin-tone-3: star") == ["star", "heart", "+1"]
    assert typed_reactions("🔖 ⭐️ 💾,📌") == list(SAVE_SET)
    assert typed_reactions("1️⃣ 9⃣ 🔟") == ["one", "nine", "keycap_ten"]
    assert typed_reactions("") == []


def test_every_known_reaction_has_a_name() -> None:
    assert all(is_name(name) for name in (*SAVE_SET, *KEYCAPS, "+1", "o'clock", "日本"))
    assert not any(is_name(name) for name in ("", "a b", "a:b", "`", "<x>", "x" * 101))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("❤️", "heart"),
        ("❤", "heart"),
        ("👍🏽", "+1"),
        ("🎉", "tada"),
        ("🦉", "owl"),
        ("🏴‍☠️", "pirate_flag"),
        ("📝", "pencil"),
    ],
)
def test_characters_have_the_names_that_chats_use(typed: str, name: str) -> None:
    assert typed_reactions(typed) == [name]
    assert same_as(name) == plain(typed)


def plain(typed: str) -> str:
    """The character without its selector and skin tone."""
    return typed.replace("\ufe0f", "").replace("🏽", "")


def test_names_of_one_emoji_are_one_reaction() -> None:
    assert same_as("thumbsup") == same_as("+1") == same_as("Thumbs_Up") == "👍"
    assert typed_reactions(":thumbsup: +1 👍 star") == ["thumbsup", "star"]
    assert same_as("Party-Parrot") == "party-parrot"
    assert {same_as(name) for name in SAVE_SET} == set("🔖⭐💾📌")
    assert name_of("🐳") != name_of("🐋")
