"""How like two papers are, and what is said about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import PaperText
from bot.similarity import MOST_WORDS, common, likeness, text_words, vector

WEIGHTS = {"reward": 4.0, "model": 2.0, "preference": 3.0, "letter": 5.0, "we": 0.0, "tide": 6.0, "rm": 5.0}


def weight(word: str) -> float:
    return WEIGHTS.get(word, 0.0)


def text(title: str, abstract: str = "") -> PaperText:
    return PaperText("2603.00001", title, abstract)


def test_the_same_words_are_as_like_as_can_be_and_others_not_at_all() -> None:
    one = vector(text_words(text("Reward models", "We model preferences.")), weight)
    assert likeness(one, one) == pytest.approx(1.0)
    assert likeness(one, vector(["letter", "tide"], weight)) == 0.0
    assert likeness(one, {}) == 0.0


def test_rare_words_and_repeated_ones_weigh_more() -> None:
    made = vector(["reward", "model", "model", "model", "we"], weight)
    assert set(made) == {"reward", "model"}
    assert made["model"] / made["reward"] == pytest.approx(2.0 * (1 + 1.0986122886681098) / 4.0)


@given(st.lists(st.integers(0, 500), max_size=300))
def test_a_vector_has_length_one_and_a_bounded_number_of_words(numbers: list[int]) -> None:
    made = vector([str(each) for each in numbers], lambda word: 1.0 + int(word) % 7)
    assert len(made) == min(MOST_WORDS, len(set(numbers)))
    if made:
        assert sum(value * value for value in made.values()) == pytest.approx(1.0)
        assert 0.0 <= likeness(made, made) <= 1.0


def test_what_stands_together_in_both_is_one_phrase_as_the_shown_paper_writes_it() -> None:
    one = text("Reward models of preference", "Letters.")
    other = text("On letters", "A Reward-Model learns Preferences.")
    assert common(one, other, weight) == ["letters", "Reward-Model", "Preferences"]


def test_words_that_stand_apart_in_one_of_them_are_said_apart() -> None:
    assert common(text("Reward models"), text("A model without reward"), weight) == ["reward", "model"]


def test_a_phrase_stops_at_a_bracket() -> None:
    one, other = text("A reward model (RM) is used"), text("Each reward model (RM) differs")
    assert common(one, other, weight) == ["RM", "reward model"]
    assert common(one, text("Tides"), weight) == []
