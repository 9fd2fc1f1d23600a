"""What the program logs as a defect: no member sees it, and without this no test would, either."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb

_ROOT = Path(__file__).parents[1]
_FOLDERS = tuple(_ROOT / name for name in ("bot", "adapters", "storage"))
NOT_UNDERSTOOD = "not understood"
"""The text of a ValueError that belongs to a test's plan; any other defect that is logged does not."""


class Defects(logging.Handler):
    """Collects what is logged with a traceback that leads through our code.

    A library that does not take what its platform never sends, and says so before we are asked, is left out.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and str(error) != NOT_UNDERSTOOD and _leads_through_ours(error):
            self.found.append(record)

    def none(self) -> None:
        """There is no defect so far."""
        assert not self.found, "\n".join(logging.Formatter().format(record) for record in self.found[:3])


def _leads_through_ours(error: BaseException) -> bool:
    files = [Path(frame.f_code.co_filename) for frame, _ in walk_tb(error.__traceback__)]
    return any(folder in file.parents for file in files for folder in _FOLDERS)


@contextmanager
def noted(name: str = "") -> Iterator[Defects]:
    """The defects that the logger of that name, and those below it, come to know meanwhile."""
    defects, logger = Defects(), logging.getLogger(name)
    logger.addHandler(defects)
    try:
        yield defects
    finally:
        logger.removeHandler(defects)
