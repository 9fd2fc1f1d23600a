"""The process that draws: ``python -m adapters.plots.picture``, figures as JSON in, a PNG out.

Three charts in one upright picture, made to be read on a phone: matches of each watch as lines, announced against
matched on one scale of powers of ten, saves as bars. Nothing is said by colour alone: each line has a marker and dashes
of its own and its sum in the legend, bars carry their numbers and are hatched. The colours are Okabe and Ito's, which
stay apart for people who see few of them (https://jfly.uni-koeln.de/color/).

Names are drawn as they are: a dollar sign is no mathematics. A character that the font lacks is a box, silently.
"""

from __future__ import annotations

import io
import json
import sys
import textwrap
import warnings
from collections.abc import Sequence
from datetime import date
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator
from PIL import Image

DPI = 160
WIDTH, HEIGHT = 6.75, 9.6
"""In inches: 1,080 pixels across, three for each of a phone's."""

_INK, _QUIET, _GRID = "#1a1a1a", "#555555", "#dddddd"
_BLUE, _VERMILION, _GREEN = "#0072b2", "#d55e00", "#009e73"
_STYLES: Sequence[tuple[str, str, Any]] = (
    ("#0072b2", "o", "-"),
    ("#d55e00", "s", (0, (5, 2))),
    ("#009e73", "^", (0, (1, 1.5))),
    ("#cc79a7", "D", (0, (6, 2, 1, 2))),
    ("#56b4e9", "v", (0, (3, 1, 1, 1, 1, 1))),
    ("#1a1a1a", "X", (0, (8, 3))),
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LABEL = 34
_COLOURS = 96


def draw(content: dict[str, Any]) -> bytes:
    """The picture of what ``adapters.plots.plotter`` sends."""
    weeks = [date.fromisoformat(week) for week in content["weeks"]]
    with mpl.rc_context(
        {"font.size": 13, "text.parse_math": False, "axes.spines.top": False, "axes.spines.right": False}
    ):
        layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white", layout=layout)
        FigureCanvasAgg(figure)
        figure.suptitle(
            textwrap.fill(content["title"], 42, max_lines=2, placeholder="…"),
            fontsize=17,
            color=_INK,
            x=0.02,
            ha="left",
        )
        matches, announced, saves = figure.subplots(3, 1, sharex=True, height_ratios=(5, 4, 2.4))
        _matches(matches, content["watches"])
        _announced(announced, content["announced"], content["matched"])
        _saves(saves, content["saves"])
        saves.set_xticks(range(len(weeks)), [_day(week, place) for place, week in enumerate(weeks)])
        saves.set_xlim(-0.5, len(weeks) - 0.5)
        saves.set_xlabel("week that begins on", color=_QUIET, fontsize=12)
        pixels = io.BytesIO()
        figure.savefig(pixels, format="rgba")
    size = (round(WIDTH * DPI), round(HEIGHT * DPI))
    drawn = Image.frombytes("RGBA", size, pixels.getvalue()).convert("RGB")
    written = io.BytesIO()
    # So few colours are used that a palette holds them all, with what smooths their edges, in a quarter of the bytes.
    drawn.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        written, format="png", optimize=True
    )
    return written.getvalue()


def _matches(axes: Axes, watches: Sequence[tuple[str, Sequence[int]]]) -> None:
    _headed(axes, "Papers that matched a watch")
    for (name, values), (colour, marker, dashes) in zip(watches, _STYLES, strict=False):
        axes.plot(
            range(len(values)),
            values,
            color=colour,
            marker=marker,
            linestyle=dashes,
            linewidth=2,
            markersize=7,
            label=f"{_short(name)}  ({sum(values):,})",
        )
    top = max(4.0, *(max(values, default=0) * 1.08 for _, values in watches))
    axes.set_ylim(-top * 0.05, top)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    columns = 1 if any(len(name) > 14 for name, _ in watches) else 2
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.04),
        ncols=columns,
        frameon=False,
        fontsize=12,
        handlelength=3.2,
        borderpad=0,
        labelcolor=_INK,
    )


def _announced(axes: Axes, announced: Sequence[int], matched: Sequence[int]) -> None:
    _headed(axes, "Announced by arXiv, and matched")
    weeks = range(len(announced))
    axes.fill_between(weeks, matched, announced, color=_BLUE, alpha=0.08, linewidth=0)
    axes.plot(weeks, announced, color=_BLUE, marker="o", linewidth=2, markersize=7, clip_on=False)
    axes.plot(weeks, matched, color=_VERMILION, marker="s", linestyle=(0, (5, 2)), linewidth=2, markersize=7)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(-0.15, max(10, *announced) * 6)
    ticks = [0, *(10**power for power in range(7) if 10**power <= max(10, *announced))]
    axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylabel("each step is ten times", color=_QUIET, fontsize=11)
    for values, name in ((announced, "announced"), (matched, "matched")):
        axes.annotate(
            f"{name}: {sum(values):,} in all, {values[-1]:,} this week",
            (0, max(values[:8])),
            textcoords="offset points",
            xytext=(-4, 9),
            fontsize=12,
            color=_INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1},
        )


def _saves(axes: Axes, saves: Sequence[int]) -> None:
    _headed(axes, f"Saves in this channel ({sum(saves):,})")
    bars = axes.bar(range(len(saves)), saves, color="#bfe5d8", edgecolor=_GREEN, hatch="///", linewidth=1.2)
    axes.bar_label(bars, [f"{value:,}" if value else "" for value in saves], fontsize=12, color=_INK, padding=2)
    axes.set_ylim(0, max(1, *saves) * 1.3)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _headed(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=13.5, fontweight="bold", color=_INK)
    axes.grid(visible=True, axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_QUIET, labelsize=12, length=0)
    axes.spines["bottom"].set_color(_GRID)
    axes.spines["left"].set_color(_GRID)


def _day(day: date, place: int) -> str:
    """Every second week has a label, with the month where it is a new one."""
    return f"{day.day}\n{_MONTHS[day.month - 1]}" if place % 2 == 0 else ""


def _short(name: str) -> str:
    # A legend leaves out names that begin with an underscore.
    return (name if len(name) <= _LABEL else name[: _LABEL - 1].rstrip() + "…").lstrip("_") or "(watch)"


if __name__ == "__main__":
    # A missing glyph is worth no word on standard error.
    warnings.filterwarnings("ignore", message="Glyph .* missing from")
    sys.stdout.buffer.write(draw(json.load(sys.stdin.buffer)))
