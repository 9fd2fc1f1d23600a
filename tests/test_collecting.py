"""The garbage collector's threshold while much is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from bot.collecting import few_collections


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_it_looks_less_often_inside_and_as_before_afterwards() -> None:
    with few_collections(20_000):
        assert gc.get_threshold() == (20_000, 10, 10)
    assert gc.get_threshold() == (700, 10, 10)


def test_it_is_as_before_when_what_was_made_failed() -> None:
    with pytest.raises(ValueError, match="whatever"), few_collections(20_000):
        raise ValueError("whatever")
    assert gc.get_threshold() == (700, 10, 10)


def test_one_that_looks_less_often_still_or_never_is_left_alone() -> None:
    for threshold in (50_000, 0):
        gc.set_threshold(threshold, 10, 10)
        with few_collections(20_000):
            assert gc.get_threshold() == (threshold, 10, 10)
        assert gc.get_threshold() == (threshold, 10, 10)


def test_blocks_that_overlap_leave_it_as_it_was() -> None:
    first, second = few_collections(20_000), few_collections(20_000)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == (700, 10, 10)
