"""Why two papers are alike: words that say something, each once, in a good spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import PaperText
from bot.reasons import MOST_REASONS, reasons

_LIGHT = frozenset({"a", "an", "and", "are", "by", "for", "from", "in", "is", "of", "on", "the", "to", "we", "with"})


def weight(word: str) -> float:
    """As in an archive so small that every other word is rare."""
    return 0.0 if word in _LIGHT else 3.0


def text(title: str, abstract: str = "") -> PaperText:
    return PaperText("2603.00001", title, abstract)


def both(one: tuple[str, str], other: tuple[str, str]) -> list[str]:
    return reasons(text(*one), text(*other), weight)


def test_what_stands_together_in_both_is_one_phrase() -> None:
    assert both(("Noise in the labels of moss", "Label noise."), ("Learning from label noise", "")) == ["label noise"]
    assert both(("Reward models", ""), ("A model without reward", "")) == ["model", "reward"]


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Zero-shot translation", "zero-shot translation"),
        ("Chain-of-thought prompts", "chain-of-thought prompts"),
        ("Mixture of experts", "mixture of experts"),
        ("Text-to-image synthesis", "text-to-image synthesis"),
        ("In-context learning", "in-context learning"),
        ("Test-time scaling of the tides", "test-time scaling"),
    ],
)
def test_what_belongs_together_is_not_torn_apart(title: str, reason: str) -> None:
    assert both((title, ""), (f"On {title}", ""))[0] == reason


@pytest.mark.parametrize(
    "word",
    ["unfortunately", "entirely", "scratch", "obtained", "experimental", "novel", "shaped", "commonly", "effects"],
)
def test_words_that_any_paper_may_have_are_no_reason(word: str) -> None:
    one = (f"Moss and {word}", f"We find {word} moss, {word}.")
    other = (f"The moss: {word}", f"Here {word} moss is {word}.")
    assert both(one, other) == ["moss"]
    assert both((word, word), (word, word)) == []


def test_a_word_alone_is_what_the_papers_are_about() -> None:
    one = ("Moss", "A fern, a lamp and a lamp, and RLHF by rain.")
    other = ("Sedge", "By rain we saw a lamp: the lamp of moss, a fern; with RLHF.")
    assert set(both(one, other)) == {"moss", "lamp", "RLHF"}


def test_papers_about_different_things_share_a_word_at_best() -> None:
    assert both(("Moss", "A fern with rain by a lamp."), ("Sedge", "A lamp, by rain.")) == ["lamp"]
    assert both(("Moss", ""), ("Sedge", "")) == []


def test_the_same_is_said_once() -> None:
    noisy = both(("Label noise, noisy clients", "Noisy."), ("Noisy label noise", "Clients are noisy."))
    assert sorted(noisy) == ["clients", "label noise"]
    one = ("Stochastic differential equations (SDE)", "An SDE with stochastic differential equations.")
    assert len(both(one, ("SDE: stochastic differential equations", "The SDE."))) == 1


@pytest.mark.parametrize(
    ("title", "abstract", "reason"),
    [
        ("Label Noise Matters", "", "label noise matters"),
        ("A SURVEY OF MOSSES", "", "mosses"),
        ("RLHF for Mosses", "", "RLHF"),
        ("LLMs", "LLMs", "LLMs"),
        ("GPT-4", "", "GPT-4"),
        ("Ferns", "It holds that Othello is hard, and for Othello.", "Othello"),
        ("Ferns", "We use Bose-Einstein condensates, and more Bose-Einstein condensates.", "Bose-Einstein condensates"),
        ("Ferns", "In moss, Noisy Label Transfer (NLT) helps noisy label transfer.", "noisy label transfer"),
        ("Ferns", "Moss. Moss grows.", "moss"),
        ("$\\alpha$-Moss", "", "α-moss"),
    ],
)
def test_capitals_stay_where_they_mean_something(title: str, abstract: str, reason: str) -> None:
    assert reason in both((f"{title} one", abstract), (title, abstract))


def test_a_phrase_ends_with_its_sentence_and_at_a_bracket() -> None:
    assert set(both(("Chess", "By LLMs. Chess (moss)."), ("Moss", "LLMs. Chess (moss)."))) == {"chess", "LLMs", "moss"}


@given(st.text(max_size=200), st.text(max_size=200), st.text(alphabet="aB-. (of$", max_size=60))
def test_whatever_the_texts_there_are_a_few_short_reasons(one: str, other: str, shared: str) -> None:
    found = reasons(text(one, shared), text(other, f"{shared} {one}"), weight)
    assert len(found) == len(set(found)) <= MOST_REASONS
    assert all(0 < len(each) <= 60 and "\n" not in each for each in found)
