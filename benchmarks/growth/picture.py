"""A plot of figures against a size: panels side by side, sizes by powers of ten.

Each line has a marker and dashes of its own: nothing is said by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_STYLES: Sequence[tuple[str, str, Any]] = (
    ("#0072b2", "o", "-"),
    ("#d55e00", "s", (0, (5, 2))),
    ("#009e73", "^", (0, (1, 1.5))),
    ("#444444", "D", (0, (6, 2, 1, 2))),
)
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Line:
    """A name, and a figure for each size."""

    name: str
    figures: Sequence[float]


@dataclass(frozen=True, slots=True)
class Panel:
    """What is measured, with its unit, in one or several ways; ``linear``: from 0 on, in even steps."""

    title: str
    lines: Sequence[Line]
    linear: bool = False


def draw(path: Path, title: str, of: str, sizes: Sequence[int], panels: Sequence[Panel]) -> None:
    """Write a PNG; ``of`` says what there are so many of."""
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 3.6), dpi=110, facecolor="white", layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=12)
        for place, panel in enumerate(panels):
            _fill(figure.add_subplot(1, len(panels), place + 1), panel, of, sizes)
        figure.savefig(path)


def _fill(axes: Axes, panel: Panel, of: str, sizes: Sequence[int]) -> None:
    axes.set_title(panel.title, loc="left", fontsize=10)
    for line, (colour, marker, dashes) in zip(reversed(panel.lines), _STYLES, strict=False):
        figures = [max(_LEAST, figure) for figure in line.figures]
        axes.plot(sizes, figures, color=colour, marker=marker, linestyle=dashes, label=line.name)
    axes.set_xscale("log")
    if panel.linear:
        axes.set_ylim(0, 1.5 * max(max(line.figures) for line in panel.lines))
    else:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        axes.set_ylim(low / 3, high * 3)
    axes.set_xlabel(of)
    axes.grid(color="#dddddd", linewidth=0.6)
    if len(panel.lines) > 1:
        axes.legend(frameon=False, fontsize=8, loc="best", reverse=True)
