"""Hygiene of strangers' text, pages, the table of commands."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.paging import Page, take_page
from bot.commands.router import HANDLERS, split
from bot.commands.saying import command, lines, paragraph, quoted, sentences, shown, tidy, titled
from bot.commands.table import COMMANDS, find_command, nearest_command
from bot.errors import CommandError


def test_a_strangers_text_is_one_harmless_line() -> None:
    assert shown("a`b\r\n\tc\u2028d\x1b[31m\u202ee\u200bf\ud800\x00 ") == "a'b c d[31mef"


def test_stacked_marks_are_bounded() -> None:
    assert shown("e" + "\u0301" * 50) == "e" + "\u0301" * 4


def test_long_text_ends_in_an_ellipsis_within_its_bound() -> None:
    assert shown("word " * 100, 12) == "word word…"
    assert shown("wordwordword word", 12) == "wordwordwor…"
    assert shown("exactly", 7) == "exactly"


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_shown_keeps_its_promises(text: str, most: int) -> None:
    line = shown(text, most)
    assert len(line) <= most
    assert "`" not in line
    assert not any(unicodedata.category(character)[0] == "C" for character in line)
    assert line.split() == line.split(" ") or not line


@given(st.text())
def test_back_quotes_of_a_message_are_in_pairs_on_every_line(text: str) -> None:
    assert all(line.count("`") % 2 == 0 for line in tidy(text).splitlines())


def test_quotes_around_nothing_say_so() -> None:
    assert (quoted("RLHF"), quoted("\u200b")) == ("`RLHF`", "(nothing)")


def test_a_command_is_typed_with_its_prefix() -> None:
    assert command("watch `x`") == "`/papers watch 'x'`"


def test_titles_and_paragraphs_are_readable() -> None:
    assert titled("On $\\alpha$-stable\n letters") == "“On α-stable letters”"
    assert paragraph("We \\emph{count}\n  steps.") == "We count steps."


def test_empty_parts_are_left_out() -> None:
    assert lines("a", "", "b") == "a\nb"
    assert sentences(["A.", "", "B."]) == "A. B."


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("", Page(1, "")),
        ("reward  model", Page(1, "reward model")),
        ("page:2 reward model", Page(2, "reward model")),
        ("reward model PAGE=3", Page(3, "reward model")),
        ("page:1000", Page(1000, "")),
        ("reward page model", Page(1, "reward page model")),
    ],
)
def test_a_page_is_the_first_or_last_word(typed: str, page: Page) -> None:
    assert take_page(typed) == page


@pytest.mark.parametrize("typed", ["page:", "page:0", "page:-1", "page:x", "page:1001", "page:²", "page:" + "9" * 5000])
def test_a_page_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(CommandError, match="is no page"):
        take_page(typed)


def test_the_next_page_is_a_command_again() -> None:
    following = Page(2, "reward model").following("search")
    assert following == "search page:3 reward model"
    assert take_page(split(following)[1]) == Page(3, "reward model")


def test_every_command_of_the_table_is_carried_out_and_no_other() -> None:
    assert [info.name for info in COMMANDS] == list(HANDLERS)


def test_names_and_aliases_are_unique_and_found_in_any_case() -> None:
    words = [word for info in COMMANDS for word in (info.name, *info.aliases)]
    assert len(words) == len(set(words))
    aliases = {"subscribe": "watch", "add": "watch", "unsubscribe": "unwatch", "rm": "unwatch", "ls": "list"}
    for alias, name in aliases.items():
        info = find_command(alias.upper())
        assert info is not None
        assert info.name == name


def test_every_example_and_usage_begins_with_its_command() -> None:
    for info in COMMANDS:
        assert info.usage.split()[0] == info.example.split()[0] == info.name
        assert not info.summary.endswith(".")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("wach", "watch"), ("sched", "schedule"), ("unsub", "unwatch"), ("serach", "search"), ("s", None), ("zzz", None)],
)
def test_a_mistyped_command_finds_the_nearest(typed: str, meant: str | None) -> None:
    info = nearest_command(typed)
    assert (info.name if info else None) == meant


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("", "")),
        ("  \n ", ("", "")),
        ("watch RLHF", ("watch", "RLHF")),
        ("/papers watch RLHF", ("watch", "RLHF")),
        ("papers  watch:  a\nb ", ("watch", "a\nb")),
        ("/PAPERS", ("", "")),
        ("+2", ("save", "+2")),
        ("+2 +5", ("save", "+2 +5")),
        ("\u200bwatch x", ("watch", "x")),
    ],
)
def test_a_line_is_a_command_and_its_argument(text: str, parts: tuple[str, str]) -> None:
    assert split(text) == parts
