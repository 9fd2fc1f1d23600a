"""How far something long has come, on standard error."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from bot.models import Progress


class ProgressBar:
    """A progress bar where standard error is a terminal, nothing elsewhere. Units of "B" are shown as MB and GB."""

    def __init__(self, doing: str = "filling the archive", *, unit: str = "papers") -> None:
        self._doing = doing
        self._unit = unit
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Draw the bar as far as ``progress``; it is removed when complete."""
        if self._bar is None:
            self._bar = tqdm(
                total=progress.total,
                desc=self._doing,
                unit=self._unit,
                unit_scale=self._unit == "B",
                disable=None,
                leave=False,
            )
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)
        if progress.done >= progress.total:
            self._bar.close()
