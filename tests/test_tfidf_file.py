"""The index file: what is written is read again, and nothing else is taken for one."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from adapters.tfidf import file as index_file
from adapters.tfidf.file import IndexFile, UnusableError, key
from bot.models import PaperText
from bot.similarity import text_words, vector
from tests.standins.plain_index import plain_weights, write_index

MADE = datetime(2026, 3, 4, 4, 40, tzinfo=UTC)
TEXTS = [
    PaperText("2603.00001", "Letters and their carriers", "A carrier walks."),
    PaperText("hep-th/9901001", "Tides", "The sea rises and the sea falls."),
    PaperText("2603.00003", "Carriers at sea", "Letters are carried by the tide."),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "papers.db.similar"
    write_index(path, TEXTS, MADE, plain_weights(TEXTS))
    return path


def test_what_was_written_is_read(path: Path) -> None:
    index = IndexFile(path)
    assert (index.made_at, index.papers) == (MADE, 3)
    for word, weight in plain_weights(TEXTS).items():
        assert index.weight(word) == pytest.approx(weight, rel=1e-6)
    assert index.weight("unknown") == 0.0
    assert index.weight("\ud800") == 0.0
    for text in TEXTS:
        assert index.near(vector(text_words(text), index.weight), 9)[0] == text.id
    assert index.near({"carrier": 1.0}, 1) == ["2603.00001"]
    assert set(index.near({"sea": 1.0, "unknown": 1.0}, 9)) == {"hep-th/9901001", "2603.00003"}
    assert index.near({}, 9) == []


def test_it_is_the_owners_alone_and_nothing_is_left_beside_it(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (path.parent / (path.name + ".new")).write_bytes(b"of a build that was killed")
    write_index(path, TEXTS[:1], MADE, plain_weights(TEXTS[:1]))
    assert IndexFile(path).papers == 1
    assert list(path.parent.iterdir()) == [path]


def test_words_with_the_same_key_are_told_apart(tmp_path: Path) -> None:
    # A known pair of CRC-32.
    assert key("plumless") == key("buckeroo")
    texts = [PaperText("2603.00001", "plumless", ""), PaperText("2603.00002", "buckeroo", "")]
    write_index(tmp_path / "i", texts, MADE, {"plumless": 2.0, "buckeroo": 3.0})
    index = IndexFile(tmp_path / "i")
    assert (index.weight("plumless"), index.weight("buckeroo")) == (2.0, 3.0)
    assert index.near({"buckeroo": 1.0}, 9) == ["2603.00002"]


def test_an_archive_without_words_has_an_index_all_the_same(tmp_path: Path) -> None:
    write_index(tmp_path / "i", [PaperText("2603.00001", "", "")], MADE, {})
    index = IndexFile(tmp_path / "i")
    assert index.weight("word") == 0.0
    assert index.near({"word": 1.0}, 9) == []


def test_a_file_that_ends_early_is_no_index(path: Path) -> None:
    whole = path.read_bytes()
    random = Random(5)
    for length in [0, 3, 100, len(whole) - 1, *(random.randrange(len(whole)) for _ in range(40))]:
        path.write_bytes(whole[:length])
        with pytest.raises(UnusableError):
            IndexFile(path)


def test_another_version_or_another_normaliser_is_no_index(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = path.read_bytes()
    for change in (
        whole.replace(b'"version": 1', b'"version": 2'),
        whole.replace(b'"papers": 3', b'"papers": 4'),
        whole.replace(b'"sections"', b'"SECTIONS"'),
        whole.replace(b"{", b"[", 1),
        b"SQLite format 3\0" + whole,
    ):
        path.write_bytes(change)
        with pytest.raises(UnusableError):
            IndexFile(path)
    path.write_bytes(whole)
    monkeypatch.setattr(index_file, "NORMALIZER_VERSION", 99)
    with pytest.raises(UnusableError, match="another version wrote it"):
        IndexFile(path)
