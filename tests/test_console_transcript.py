"""The transcript remembers what was shown, across restarts, power cuts and long years."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.console.transcript import KEPT, Transcript

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
KEY = "abcdefghijklmnopqrstuvwx"
OTHER = "abcdefghijklmnopqrstuvw2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "console.transcript"


def test_what_was_noted_is_known_after_a_restart(path: Path) -> None:
    transcript = Transcript(path)
    assert not transcript.shown(KEY)
    transcript.note(KEY, NOW)
    assert transcript.shown(KEY)
    again = Transcript(path)
    assert again.shown(KEY)
    assert not again.shown(OTHER)
    assert path.read_text() == f"2026-03-04T12:00:00+00:00\t{KEY}\n"


def test_the_file_is_private_even_when_it_was_not(path: Path) -> None:
    path.touch(0o644)
    Transcript(path).open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_last_line_costs_itself_only(path: Path) -> None:
    path.write_bytes(f"2026-03-04T12:00:00+00:00\t{KEY}\n2026-03-04T12:00:01+00:00\t{OTHER[:9]}".encode())
    transcript = Transcript(path)
    assert transcript.shown(KEY)
    assert not transcript.shown(OTHER)
    transcript.note(OTHER, NOW)
    assert Transcript(path).shown(OTHER)


def test_lines_of_rubbish_are_passed_over(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\0\n\n\t\nno tab\n" + f"2026-03-04T12:00:00+00:00\t{KEY}\n".encode())
    transcript = Transcript(path)
    assert transcript.shown(KEY)
    assert not transcript.shown("")


def test_it_is_cut_to_its_last_lines_at_opening(path: Path) -> None:
    path.write_text("".join(f"2026-03-04T12:00:00+00:00\tkey{number}\n" for number in range(KEPT + 3)))
    transcript = Transcript(path)
    assert not transcript.shown("key2")
    assert transcript.shown("key3")
    assert len(path.read_text().splitlines()) == KEPT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    transcript.note(KEY, NOW)
    assert transcript.shown(KEY)
    assert not transcript.shown("key3"), "memory is bounded while it runs, too"
    assert Transcript(path).shown(KEY)


def test_a_left_over_of_an_interrupted_cut_does_no_harm(path: Path) -> None:
    path.with_name(path.name + ".new").write_text("half")
    path.write_text(f"2026-03-04T12:00:00+00:00\t{KEY}\n" * (KEPT + 1))
    assert Transcript(path).shown(KEY)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Transcript(tmp_path / "nowhere" / "transcript").open()
    with pytest.raises(IsADirectoryError):
        Transcript(tmp_path).shown(KEY)


def test_a_post_that_could_not_be_noted_is_known_to_this_process(path: Path) -> None:
    transcript = Transcript(path)
    transcript.open()
    path.unlink()
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        transcript.note(KEY, NOW)
    assert transcript.shown(KEY)
