"""The index made by its process: the same as by the plain definition; and what goes wrong leaves the old one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import pytest

from adapters.tfidf import FileIndex, building
from bot.clock import SystemClock
from bot.errors import StoreError
from bot.models import PaperText
from bot.similarity import likeness, text_words, vector
from tests.standins.plain_index import plain_weights, write_index
from tests.store_kit import NOW

WORDS = [f"{first}{second}{last}" for first in ("bal", "cor", "dun") for second in "aeiou" for last in ("k", "m", "t")]


def texts(number: int) -> list[PaperText]:
    random = Random(2)
    return [
        PaperText(f"2603.{place:05}", random.choice(WORDS), " ".join(random.choices(WORDS, k=12)))
        for place in range(1, number + 1)
    ]


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def in_blocks(found: Sequence[PaperText], trouble: Exception | None = None) -> AsyncIterator[Sequence[PaperText]]:
    for start in range(0, len(found), 7):
        yield found[start : start + 7]
    if trouble is not None:
        raise trouble


@pytest.mark.parametrize("most", [1, 25, 10_000])
def test_however_few_entries_are_sorted_at_a_time_the_index_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    lines = [json.dumps([text.id, text.title, text.abstract]).encode() for text in texts(60)]
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    building.main(whole, NOW, [*lines, b"null"])
    monkeypatch.setattr(building, "_MOST_SORTED", most)
    assert building.main(parted, NOW, [*lines, b"null"])["papers"] == 60
    assert parted.read_bytes() == whole.read_bytes()
    assert names_in(tmp_path) in (["whole", "parted"], ["parted", "whole"])


async def test_the_process_weighs_as_the_definition_says(tmp_path: Path) -> None:
    found = [*texts(60), PaperText("hep-th/9901001", "The 2024 of x", "unique-word Unique words \ud800 $\\alpha$")]
    index = FileIndex(tmp_path / "papers.db.similar", SystemClock())
    assert index.terms() is None
    assert await index.rebuild(in_blocks(found), NOW) == 61
    assert index.made["papers"] == 61
    assert 20 < index.made["peak_mb"] < 600
    terms = index.terms()
    assert terms is not None
    assert terms is index.terms()
    assert (terms.papers, terms.made_at) == (61, NOW)
    plain = plain_weights(found)
    for word in [*WORDS, "unique", "word"]:
        assert terms.weight(word) == pytest.approx(plain.get(word, 0.0), rel=1e-6)
    # A stop word, a number, a single letter.
    assert [terms.weight(word) for word in ("the", "2024", "α")] == [0.0, 0.0, 0.0]
    vectors = {text.id: vector(text_words(text), terms.weight) for text in found}
    for text in found[:5]:
        near = terms.near(vectors[text.id], 10)
        exact = sorted(vectors, key=lambda name: -likeness(vectors[text.id], vectors[name]))
        assert near[0] == text.id
        # Shares are kept in 255 steps, which may swap neighbours.
        assert len(set(near) & set(exact[:12])) >= 9
    assert names_in(tmp_path) == ["papers.db.similar"]


async def test_what_goes_wrong_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "papers.db.similar"
    write_index(path, texts(3), NOW, plain_weights(texts(3)))
    index = FileIndex(path, SystemClock())
    trouble = StoreError("The disk is gone.", path="papers.db")
    with pytest.raises(StoreError):
        await index.rebuild(in_blocks(texts(9), trouble), NOW)
    terms = index.terms()
    assert terms is not None
    assert terms.papers == 3
    assert names_in(tmp_path) == [path.name]


def test_a_file_that_is_no_index_counts_as_none_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "papers.db.similar"
    path.write_bytes(b"nothing of ours")
    index = FileIndex(path, SystemClock())
    assert index.terms() is None
    assert index.terms() is None
    assert [record.getMessage() for record in caplog.records] == [
        "The index papers.db.similar is made anew: it is no index of words."
    ]
