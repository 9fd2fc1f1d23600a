"""The garbage collector, asked to look less often while much is made that refers to itself in no circle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def few_collections(objects: int) -> Iterator[None]:
    """Inside the block it looks through new objects once there are ``objects`` of them, where it would sooner.

    Of blocks that overlap the first one that did this decides when it ends.
    """
    before = gc.get_threshold()
    if not 0 < before[0] < objects:
        yield
        return
    gc.set_threshold(objects, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
