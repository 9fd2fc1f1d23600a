"""How far a back-fill has come, on standard error."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from bot.models import Progress


class ProgressBar:
    """A progress bar where standard error is a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Draw the bar as far as ``progress``; it is removed when complete."""
        if self._bar is None:
            self._bar = tqdm(total=progress.total, desc="filling the archive", unit="papers", disable=None, leave=False)
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)
        if progress.done >= progress.total:
            self._bar.close()
