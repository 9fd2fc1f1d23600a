"""Work in a process of its own: for what needs much memory or would hold the event loop, and is then forgotten.

A module is run by this Python with its arguments; bytes go in through standard input, in pieces as they come, and the
result comes out through standard output. The process gets what it needs of the environment and no secrets. It is killed
when it takes too long, answers too much, or when its caller is cancelled; when this process dies, its input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Sequence

from bot.errors import WorkerError
from bot.pacing import within
from bot.ports import Clock

logger = logging.getLogger(__name__)

_PASSED_ON = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
    | {"MPLCONFIGDIR", "XDG_CACHE_HOME"}
)
_MEASURED = "COVERAGE_"
# One core is enough for what is nobody's hurry, and each further thread of a linear algebra library takes memory.
_SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_MOST_COMPLAINT = 2_000


async def in_worker(
    clock: Clock,
    module: str,
    arguments: Sequence[str],
    pieces: AsyncIterator[bytes],
    *,
    seconds: float,
    most: int = 1_000_000,
) -> bytes:
    """What ``module`` writes for ``arguments`` and input, at most ``most`` bytes.

    Raises WorkerError when it fails or takes longer than ``seconds``, and whatever ``pieces`` raises. The process has
    ended when this returns or raises.
    """
    environment = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_MEASURED)
    }
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the folder it is started in is nobody's to put modules into
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment | _SINGLE,
            start_new_session=True,  # Ctrl-C in the terminal is for this process, which then ends the other
        )
    except OSError as error:
        raise WorkerError(f"{module} could not be started ({error.strerror}).") from error
    try:
        return await within(clock, seconds, _converse(process, module, pieces, most))
    except TimeoutError:
        raise WorkerError(f"{module} took longer than {seconds:.0f} seconds.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _converse(process: asyncio.subprocess.Process, module: str, pieces: AsyncIterator[bytes], most: int) -> bytes:
    assert process.stdin is not None  # noqa: S101  for the type checker: all three are pipes
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    feeding = asyncio.create_task(_feed(process.stdin, pieces))
    complaining = asyncio.create_task(_read(process.stderr, None))
    answering = asyncio.create_task(_read(process.stdout, most))
    tasks = (feeding, complaining, answering)
    try:
        # A process that ends early has a reason, which is better than that it takes nothing more.
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        await feeding
        answer, complaint = await answering, await complaining
        status = await process.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if status != 0:
        logger.debug("%s wrote: %s", module, complaint.decode("utf-8", "replace"))
        last = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise WorkerError(f"{module} ended with status {status}{f' ({last[:200]})' if last else ''}.")
    return answer


async def _feed(stdin: asyncio.StreamWriter, pieces: AsyncIterator[bytes]) -> None:
    try:
        async for piece in pieces:
            stdin.write(piece)
            await stdin.drain()
        stdin.close()
        await stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        # It has ended; its status says why.
        return


async def _read(stream: asyncio.StreamReader, most: int | None) -> bytes:
    """All that comes; with ``most`` no more than that, without it the end alone is kept."""
    content = b""
    while piece := await stream.read(65_536):
        content += piece
        if most is None:
            content = content[-_MOST_COMPLAINT:]
        elif len(content) > most:
            raise WorkerError(f"An answer of more than {most:,} bytes came from a worker.")
    return content
