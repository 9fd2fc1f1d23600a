"""How like two papers are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import PaperText
from bot.similarity import MOST_WORDS, likeness, text_words, vector

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
