"""Who draws at once, and remembers what."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.errors import WorkerError
from bot.models import Figures


@dataclass
class Painter:
    """``bot.ports.Plotter``: remembers what it was asked; its picture is a word."""

    trouble: str = ""
    asked: list[tuple[Figures, str]] = field(default_factory=list)

    async def draw(self, figures: Figures, title: str) -> bytes:
        self.asked.append((figures, title))
        if self.trouble:
            raise WorkerError(self.trouble)
        return b"picture"
