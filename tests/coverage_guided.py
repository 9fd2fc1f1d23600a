"""Hostile input that finds its own way: atheris tries what reaches new lines (https://github.com/google/atheris).

``python -m tests.coverage_guided TARGET [libFuzzer's options]``, without a target all of them for a minute each. It
needs ``pip install atheris``, which is not among what is locked, since it is built for some Pythons and systems only.
What is not the error that a target may answer with ends the run and is kept in a file ``crash-…``. What C reads (Atom,
JSON) is not seen into; `tests/test_fuzz_files.py` damages that.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable

MINUTE = "-max_total_time=60"


def query(text: str) -> None:
    """Read, or refused; what is read is read again from its canonical form as the same, and compiles."""
    from bot.errors import QueryError  # noqa: PLC0415  after atheris
    from bot.query import Query  # noqa: PLC0415

    try:
        found = Query.parse(text)
    except QueryError:
        return
    assert Query.parse(found.canonical).compiled == found.compiled


def words(text: str) -> None:
    """The same words again from what was made of them."""
    from bot.text import normalize  # noqa: PLC0415

    assert normalize(normalize(text)) == normalize(text)


def watch_file(text: str) -> None:
    """Taken, or refused in a sentence."""
    from bot.commands.watch_files import read  # noqa: PLC0415
    from bot.errors import CommandError  # noqa: PLC0415

    try:
        read(text)
    except CommandError:
        return


TARGETS: dict[str, Callable[[str], None]] = {each.__name__: each for each in (query, words, watch_file)}


def fuzz(target: str, options: list[str]) -> None:
    """Try for ever, or as long as the options say."""
    atheris = importlib.import_module("atheris")

    with atheris.instrument_imports(include=["bot", "adapters", "storage"]):
        TARGETS[target]("a")

    atheris.Setup([sys.argv[0], *options], lambda given: TARGETS[target](given.decode("utf-8", "replace")))
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    if importlib.util.find_spec("atheris") is None:
        sys.stdout.write("Coverage-guided fuzzing was not run: atheris is not installed.\n")
        return 0
    if arguments:
        fuzz(arguments[0], arguments[1:])
        return 0
    return max(subprocess.call([sys.executable, "-m", "tests.coverage_guided", each, MINUTE]) for each in TARGETS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
