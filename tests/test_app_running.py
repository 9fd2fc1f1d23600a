"""What a process asks of its interpreter, so that the event loop is held little."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from bot.app.running import favour_the_loop, spare_what_stays


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    interval = sys.getswitchinterval()
    yield
    gc.unfreeze()
    sys.setswitchinterval(interval)


class Web:
    """Something that only the garbage collector can let go of."""

    def __init__(self) -> None:
        self.itself = self


def test_what_stays_is_not_looked_through_and_what_went_since_is_let_go_of_the_next_time() -> None:
    stays = Web()
    kept = weakref.ref(stays)
    spare_what_stays()
    assert gc.get_freeze_count() > 0
    del stays
    gc.collect()
    assert kept() is not None
    spare_what_stays()
    assert kept() is None


def test_threads_that_compute_give_way_soon() -> None:
    favour_the_loop()
    assert sys.getswitchinterval() <= 0.001
    assert gc.get_freeze_count() > 0
