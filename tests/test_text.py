"""What a word is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import text as text_module
from bot.latex import looks_like_latex, readable
from bot.models import Paper
from bot.plurals import singular
from bot.text import (
    index_names,
    index_text,
    name_words,
    normalize,
    plural_forms,
    prefix_matches,
    prefix_word,
    words,
)
from tests.strategies import texts

ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=60) | texts()


def plainly(text: str, *, plurals: bool) -> list[str]:
    """The words of a text by the definition: character by character, word by word, nothing remembered."""
    found: list[str] = []
    for raw in "".join(map(text_module._folded, readable(text) if looks_like_latex(text) else text)).split():
        found += text_module._finished(raw, plurals=plurals)
    return found


ASCII_TEXT = st.text(st.characters(max_codepoint=127), max_size=80) | st.lists(
    st.sampled_from(
        ["models", "Losses.", "a", "+", "'", "C++", "gpus,", "model's", "policies", "--", "O'Neil", "#1", "s"]
    )
).map(" ".join)


@given(ASCII_TEXT | ANY_TEXT)
def test_the_fast_way_gives_what_the_definition_gives(text: str) -> None:
    assert words(text) == plainly(text, plurals=True)
    assert normalize(text) == " ".join(plainly(text, plurals=True))
    assert name_words(text) == plainly(text, plurals=False)
    assert index_text(text).split() == plainly(text, plurals=True)


@given(st.lists(ASCII_TEXT | ANY_TEXT, max_size=4))
def test_names_side_by_side_are_parted_and_otherwise_what_each_of_them_is(names: list[str]) -> None:
    parts = index_names(names).split("|")
    assert [part.split() for part in parts] == ([plainly(name, plurals=False) for name in names] or [[]])


def test_more_words_than_are_remembered_change_nothing() -> None:
    memo = text_module._Memo(singular)
    memo.ENTRIES = 8
    raw = [f"w{number % 23}s" for number in range(200)] + ["policies"] * 3
    assert [memo[word] for word in raw] == [singular(word) for word in raw]
    assert len(memo) <= 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fine-tuning of LLMs", "fine tuning of llm"),
        ("GPT-4, 3D and C++/C#", "gpt 4 3d and c++ c#"),
        ("C++11 or g++; 1+1, A+, +5", "c++ 11 or g++ 1 1 a 5"),
        ("#1 in F#, issue#3, C♯", "1 in f# issue 3 c#"),
        ("0.5 – 1,000 — 3−4 a_b x/y", "0 5 1 000 3 4 a b x y"),
        ("The model's and LLMs' losses", "the model and llm loss"),
        ("don’t, O'Brien, ʼquotedʼ, Alzheimer´s", "dont obrien quoted alzheimer"),
        ("“curly” „low“ ``tex''", "curly low tex"),
        ("Gödel Erdős Łukasz Øre Straße ŒUVRE Đạt İzmir", "godel erdo lukasz ore strasse oeuvre dat izmir"),
        ("ﬁne eﬃcient ｆｕｌｌ Ⅳ ℝ 𝒪 ½", "fine efficient full iv r o 1 2"),
        ("soft\u00adhyphen zero\u200bwidth \u202ebidi\u202c be\ufeffom", "softhyphen zerowidth bidi beom"),
        ("R² R^2 $R^2$ $R^{2}$ R$^2$ R2", "r2 r2 r2 r2 r2 r2"),
        ("CO$_2$ CO₂ H$_2$O $\\mathrm{CO}_2$", "co2 co2 h2o co2"),
        ("R 2", "r 2"),
        ("$\\alpha$ α \\alpha ϕ φ µ ς", "α α α φ φ μ σ"),
        ("\\'Etude {\\'e}t{\\'e} na\\\"{\\i}ve Erd\\H{o}s \\L{}ukasz", "etude ete naive erdo lukasz"),
        ("\\emph{x} \\mathcal{O}(n \\log n) $k$-means", "x o n log n k means"),
        ("Foo™ Bar® ", "foo bar"),
        ("データ 深度学习 данные", "テータ 深度学习 данные"),
        ("\ud800lone\udfff", "lone"),
        ("... -- :-) $ \\ { ^ _ '", ""),
        ("", ""),
    ],
)
def test_normalize(text: str, expected: str) -> None:
    assert normalize(text) == expected


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("llms", "llm"), ("policies", "policy"), ("losses", "loss"), ("databases", "database"), ("cases", "case"),
        ("responses", "response"), ("boxes", "box"), ("batches", "batch"), ("meshes", "mesh"), ("caches", "cache"),
        ("classes", "class"), ("biases", "bias"), ("viruses", "virus"), ("lenses", "lens"), ("analyses", "analysis"),
        ("hypotheses", "hypothesis"), ("axes", "axis"), ("matrices", "matrix"), ("vertices", "vertex"),
        ("indices", "index"), ("gpus", "gpu"), ("kpis", "kpi"), ("apis", "api"), ("movies", "movie"),
        ("heroes", "hero"), ("videos", "video"), ("ideas", "idea"), ("sizes", "size"), ("quizzes", "quiz"),
        ("diagnoses", "diagnosis"), ("subindices", "subindex"), ("services", "service"), ("clichés", "cliché"),
    ],
)  # fmt: skip
def test_plurals_are_folded(plural: str, expected: str) -> None:
    assert singular(plural) == expected == singular(expected)


def test_words_that_only_look_like_plurals_stay() -> None:
    text = """bias this news analysis class corpus status physics series species timeseries bayes kubernetes gas was
        lens sars umls nlos higgs 1990s gpt4s chaos basis axis thus plus virus process s ss"""
    assert [singular(word) for word in text.split()] == text.split()


def test_names_have_no_plural() -> None:
    assert name_words("Adams, Émile J.") == ["adams", "emile", "j"]
    assert name_words("M. Williams") != name_words("M. William")
    assert name_words('G{\\"o}del O’Neil') == ["godel", "oneil"]


@given(ANY_TEXT)
@example("bosss's's")
@example("a\u0345")
@example("ŉ ß's ǆs")
@example("c+++#'s++")
@example("\u1100\u200d\u1161")
def test_normalizing_is_idempotent(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    assert name_words(" ".join(name_words(text))) == name_words(text)


@given(ANY_TEXT)
def test_words_hold_only_what_the_index_takes(text: str) -> None:
    for word in [*words(text), *name_words(text)]:
        assert word
        assert not word.isspace()
        assert all(c.isalnum() or c in "+#" for c in word)
        assert word == word.lower() or not word.isascii()


@given(st.text("abcdeisxyzuhc", min_size=1, max_size=9))
def test_singular_is_idempotent(word: str) -> None:
    assert singular(singular(word)) == singular(word)


# A plural is found by each of its beginnings, whatever the rule that folded it.
@given(
    st.text("aeiolcshxyzn", max_size=5),
    st.sampled_from(["", "s", "es", "ies", "yses", "theses", "ches", "sses", "xes", "matrices", "vertices", "indices"]),
    st.integers(3, 12),
)
def test_prefixes_find_plurals_by_each_beginning(stem: str, ending: str, length: int) -> None:
    raw = stem + ending
    if len(raw) >= 3:
        assert prefix_matches(raw[:length], singular(raw))


def test_listed_plurals_are_found_by_each_beginning() -> None:
    for raw in ["policies", "viruses", "analyses", "axes", "movies", "heroes", "quizzes", "matrices", "gpus", "boxes"]:
        for length in range(3, len(raw) + 1):
            assert prefix_matches(raw[:length], singular(raw)), raw[:length]


def test_prefixes_do_not_find_other_words() -> None:
    assert plural_forms("policie") == {"policy"}
    assert plural_forms("transform") == frozenset()
    assert prefix_matches("transform", "transformer")
    assert not prefix_matches("transformer", "transform")
    assert prefix_matches("transformers", "transformer")


def test_prefix_word() -> None:
    assert prefix_word("Policies") == "policies"
    assert prefix_word("fine-tun") is None
    assert prefix_word("...") is None


@pytest.mark.parametrize("piece", ["{", "^", "^{", "$", "\\", "\\frac", "'", "+", '\\"{', "}", "$^{", "_{a", "\\sqrt["])
def test_broken_mark_up_costs_linear_time_and_raises_nothing(piece: str) -> None:
    words(piece * 5_000)


def test_the_memory_for_words_and_characters_is_bounded() -> None:
    assert words("".join(map(chr, range(0x4E00, 0x4E00 + 10_000)))) == [
        "".join(map(chr, range(0x4E00, 0x4E00 + 10_000)))
    ]
    many = " ".join(f"word{n}" for n in range(70_000))
    assert len(words(many)) == 70_000
    assert words("x" * 100_000) == ["x" * 100_000]


def test_real_abstracts_are_stable(real_papers: list[Paper]) -> None:
    for paper in real_papers[::40]:
        normal = normalize(paper.abstract)
        assert normalize(normal) == normal
