"""Pictures of figures."""

from __future__ import annotations

from typing import Protocol

from bot.models import Figures


class Plotter(Protocol):
    """Draws figures."""

    async def draw(self, figures: Figures, title: str) -> bytes:
        """A PNG of at most 100 kB. Raises WorkerError."""
        ...
