"""One thread for what commands work out in Python over many papers.

Python runs one thread at a time. With a thread for each of twenty commands that look through papers, the event loop
waits for all of them in turn before it may acknowledge the next command; with one it waits for that one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_thread = ThreadPoolExecutor(1, thread_name_prefix="paperroute-thinking")


async def think(function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
    """What the function returns or raises, as from ``asyncio.to_thread``, in turn with all other thoughts."""
    work = partial(copy_context().run, function, *args, **named)
    return await asyncio.get_running_loop().run_in_executor(_thread, work)
