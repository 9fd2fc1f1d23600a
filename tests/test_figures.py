"""Figures in words and characters."""

from __future__ import annotations

from datetime import date

from bot.figures import alt_text, drawn, heading, lines_of, mondays
from bot.models import Figures, WatchFigures

WEEKS = mondays(date(2026, 2, 18), 3)


def figures(*watches: tuple[str, tuple[int, ...]]) -> Figures:
    return Figures(
        weeks=WEEKS,
        watches=tuple(WatchFigures(query, matches) for query, matches in watches),
        announced=(6_000, 6_100, 1_203),
        matched=(5, 0, 3),
        saves=(0, 2, 1),
    )


def test_figures_are_drawn_with_characters_and_numbers() -> None:
    found = figures(("RLHF", (4, 0, 1)), ('"reward model"', (1, 0, 8)))
    assert drawn(found, heading(found, "reading")) == (
        "The last 3 weeks of reading, a column a week, 16 February 2026 to 8 March 2026:\n"
        "\n"
        "Papers that matched a watch\n"
        '▁·█ `"reward model"`: 8 this week, 8 at most, 9 in all\n'
        "█·▂ `RLHF`: 1 this week, 4 at most, 5 in all\n"
        "\n"
        "Matched, against what arXiv announced\n"
        "█·▅ matched: 3 this week, 5 at most, 8 in all\n"
        "██▂ announced: 1,203 this week, 6,100 at most, 13,303 in all\n"
        "\n"
        "Saved here\n"
        "·█▄ saves: 1 this week, 2 at most, 3 in all"
    )


def test_a_picture_is_said_in_plain_words() -> None:
    found = figures(("RLHF", (4, 0, 1)))
    assert alt_text(found, heading(found, "")) == (
        "The last 3 weeks of this channel, 16 February 2026 to 8 March 2026, in three charts. "
        "Papers that matched a watch, week by week: RLHF 5 in all, at most 4 a week, 1 this week. "
        "Announced by arXiv: 13,303; of these 8 matched. Saves: 3 in all, at most 2 a week, 1 this week."
    )


def test_more_than_six_watches_are_five_and_the_rest() -> None:
    six = figures(*((f"word{number}", (number, 0, 0)) for number in range(6)))
    assert [line.name for line in lines_of(six)] == ["word5", "word4", "word3", "word2", "word1", "word0"]
    nine = figures(*((f"word{number}", (number, 1, 0)) for number in range(9)))
    lines = lines_of(nine)
    assert [line.name for line in lines] == ["word8", "word7", "word6", "word5", "word4", "4 other watches"]
    assert lines[-1].values == (6, 4, 0)
    assert not lines[-1].query


def test_a_hundred_long_watches_keep_words_and_drawing_short() -> None:
    found = figures(*((f"{number} " + "x`y" * 200, (number, 1, 0)) for number in range(100)))
    assert len(alt_text(found, heading(found, "x" * 60))) <= 1_000
    text = drawn(found, heading(found, "x" * 60))
    assert len(text) < 2_000
    assert all(line.count("`") % 2 == 0 for line in text.splitlines())
