"""Texts get into any size without a loss, or with a cut that is seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.rendering import code_parts, fair_lengths, fitted, pieces


def doubled(text: str) -> str:
    """A rendering that makes some characters longer."""
    return text.replace("&", "&amp;")


@given(st.lists(st.integers(min_value=0, max_value=500), max_size=20), st.integers(min_value=0, max_value=3_000))
def test_room_is_shared_fairly(lengths: list[int], room: int) -> None:
    shares = fair_lengths(lengths, room)
    assert sum(shares) <= max(room, 0)
    assert all(share <= length for share, length in zip(shares, lengths, strict=True))
    cut = [share for share, length in zip(shares, lengths, strict=True) if share < length]
    assert len(set(cut)) <= 1
    assert not cut or all(share <= cut[0] for share in shares)
    if sum(lengths) <= room:
        assert shares == lengths


@given(st.text(alphabet="ab &`\n", max_size=400), st.integers(min_value=6, max_value=60))
def test_pieces_lose_nothing_and_fit(text: str, most: int) -> None:
    found = list(pieces(text, most, doubled))
    assert all(0 < len(piece) <= most for piece in found)
    assert "".join("".join(found).replace("&amp;", "&").split()) == "".join(text.split())


def test_a_line_is_cut_at_a_space_outside_of_back_quotes() -> None:
    assert list(pieces("to `watch a b c` now and then", 18, str)) == ["to `watch a b c`", "now and then"]
    assert list(pieces("one two\nthree", 7, str)) == ["one two", "three"]


@given(st.text(alphabet="ab&", max_size=100), st.integers(min_value=1, max_value=60))
def test_what_does_not_fit_is_cut_visibly(text: str, most: int) -> None:
    shown = fitted(text, most, doubled)
    assert len(shown) <= most
    assert shown == doubled(text) or not shown or shown.endswith("…")


def test_code_stands_between_back_quotes() -> None:
    assert list(code_parts("type `list` now")) == [("type ", False), ("list", True), (" now", False)]
    assert list(code_parts("one ` alone")) == [("one ` alone", False)]
    assert list(code_parts("``")) == [("", False)]
