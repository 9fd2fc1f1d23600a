"""Texts of strangers: whatever is made of them is made in time that grows with them and no faster."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given

from adapters.arxiv import parse
from adapters.console.harmless import harmless
from adapters.console.wrapping import wrap
from adapters.discord.text import inert as discord_inert
from adapters.discord.text import with_code as discord_code
from adapters.slack import payloads
from adapters.slack.text import inert as slack_inert
from adapters.slack.text import with_code as slack_code
from bot.acronyms import long_forms
from bot.commands.saying import paragraph, quoted, shown, tidy, titled
from bot.commands.watch_files import decoded, read
from bot.errors import CommandError, QueryError
from bot.formats import FORMATS
from bot.latex import readable
from bot.models import Paper, PaperText
from bot.query import Query
from bot.reasons import reasons
from bot.spelling import as_written
from bot.text import index_names, index_text, name_words, words
from tests.factories import make_paper
from tests.strategies import PIECES, strange_texts
from tests.thoroughness import LONG, examples


def _paper(text: str) -> Paper:
    """A paper of the texts that the adapter of arXiv lets through."""
    name, remark = text[: parse.LONGEST_NAME], text[: parse.LONGEST_REMARK]
    title, abstract = text[: parse.LONGEST_TITLE], text[: parse.LONGEST_ABSTRACT]
    return make_paper(title=title, abstract=abstract, authors=(name,), comment=remark, journal_ref=remark)


def _reasons(text: str) -> list[str]:
    paper = PaperText("1", text[: parse.LONGEST_TITLE], text[: parse.LONGEST_ABSTRACT])
    return reasons(paper, paper, lambda _: 1.0)


def _wanted(text: str) -> object:
    try:
        return read(decoded(text.encode("utf-8", "replace")))
    except CommandError as error:
        return error


def _watched(text: str) -> object:
    try:
        return Query.parse(text)
    except QueryError as error:
        return error


MADE: dict[str, Callable[[str], object]] = {
    "readable": readable,
    "words": words,
    "names": name_words,
    "index": index_text,
    "index of names": lambda text: index_names([text, text]),
    "spelling": lambda text: as_written(text, ("deliver", "y")),
    "acronyms": lambda text: long_forms("RL", [_paper(text)]),
    "reasons": _reasons,
    "shown": shown,
    "tidy": tidy,
    "quoted": quoted,
    "titled": titled,
    "paragraph": paragraph,
    "Slack": slack_inert,
    "Slack, ours": slack_code,
    "Slack's brackets": lambda text: payloads.words(text, "T0LAB", lambda user: user),
    "Discord": discord_inert,
    "Discord, ours": discord_code,
    "console": lambda text: wrap(harmless(text), 80),
    "query": _watched,
    "file": _wanted,
    **{name: (lambda text, way=way: way.write([_paper(text)])) for name, way in FORMATS.items()},  # type: ignore[misc]
}
# Below this, what is measured is noise.
NOTICED = 0.05
SIZE = 8_000


@pytest.mark.parametrize("name", MADE)
def test_time_is_linear_in_a_text(name: str) -> None:
    made = MADE[name]
    for piece in PIECES:
        text = piece * (SIZE // len(piece))
        if _seconds(made, text) > NOTICED:
            once = min(_seconds(made, text[: SIZE // 4]) for _ in range(3))
            four = min(_seconds(made, text) for _ in range(2))
            # Linear is 4, quadratic 16; a collection of garbage may fall into the longer one.
            assert four < max(9 * once, NOTICED), (piece, once, four)


@examples(15, long=20_000)
@given(strange_texts())
def test_anything_can_be_made_of_any_text(text: str) -> None:
    for made in MADE.values():
        made(text)
        if LONG:
            made(text * 50)


def test_what_takes_long_would_be_noticed() -> None:
    def quadratic(text: str) -> int:
        return len(re.findall(r"\s+x", text))

    assert _seconds(quadratic, " " * SIZE) > NOTICED
    once = min(_seconds(quadratic, " " * (SIZE // 4)) for _ in range(3))
    assert _seconds(quadratic, " " * SIZE) > 9 * once


def test_a_thousand_ways_to_open_a_parenthesis_are_refused_at_once() -> None:
    for piece in ("(", "((((a OR ", "-(", '"', "NOT ", "ti:(", "[", "{"):
        begun = time.process_time()
        with pytest.raises(QueryError) as caught:
            Query.parse(piece * 100_000)
        assert time.process_time() - begun < 0.05
        assert len(str(caught.value)) < 300


def _seconds(made: Callable[[str], object], text: str) -> float:
    begun = time.process_time()
    made(text)
    return time.process_time() - begun
