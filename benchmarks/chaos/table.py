"""The account as a table, and whether it is as it has to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.chaos.account import Papers, Saves
from benchmarks.chaos.campaign import MUTE, Outcome
from benchmarks.chaos.lives import METHODS, SELDOM
from benchmarks.chaos.orders import AFTER, BEFORE


@dataclass(frozen=True)
class Row:
    """What was counted, and its goal; ``missed`` where it is another."""

    what: str
    figure: str
    goal: str = ""
    missed: bool = False


def _papers(outcomes: Sequence[Outcome], platform: str) -> Papers:
    """The sum over the places of a platform whose history can be read."""
    total = Papers()
    for outcome in outcomes:
        for place, account in outcome.papers.items():
            if place.startswith(platform) and place not in MUTE:
                total += account
    return total


def rows(outcomes: Sequence[Outcome], *, kills: int, every_point: bool) -> list[Row]:
    """The rows of all campaigns together. ``kills``: how many there have to be at least; ``every_point``: each named
    point has to be hit."""
    made: list[Row] = []
    for platform in ("slack", "discord", "email"):
        made += _paper_rows(platform.title() if platform != "email" else "E-mail", _papers(outcomes, platform))
    made += _dark_rows(outcomes)
    made += _save_rows(outcomes)
    early = sum(len(outcome.early) for outcome in outcomes)
    made.append(Row("requests before a Retry-After had passed", str(early), "0", early > 0))
    crossed = sum(outcome.crossed for outcome in outcomes)
    made.append(Row("– sent while the answer that told it was on its way", str(crossed)))
    forgotten = sum(outcome.forgotten for outcome in outcomes)
    made.append(Row("– before one had passed that was told to an earlier process, and killed with it", str(forgotten)))
    above = sum(outcome.above for outcome in outcomes)
    made.append(Row("posts above the rate", str(above), "0", above > 0))
    killed: Counter[str] = sum((outcome.killed for outcome in outcomes), Counter())
    made.append(Row("kills", str(killed.total()), f"≥ {kills}", killed.total() < kills))
    made += [Row(f"– {how}", str(times)) for how, times in sorted(killed.items())]
    made.append(_point_row(outcomes, every_point=every_point))
    made += [Row(fault, "happened", "never", missed=True) for outcome in outcomes for fault in outcome.faults]
    return made


def _paper_rows(where: str, papers: Papers) -> list[Row]:
    share = 100 * papers.once / papers.owed if papers.owed else 0.0
    certain = papers.owed - papers.uncertain
    goal = "the others uncertain" if where == "E-mail" else "100 %"
    made = [
        Row(f"{where}: papers owed", f"{papers.owed:,}"),
        Row("– posted once", f"{papers.once:,} ({share:.1f} %)", goal,
            papers.once != certain or (papers.uncertain > 0 and where != "E-mail")),
        Row("– posted twice", str(len(papers.twice)), "0", bool(papers.twice)),
        Row("– lost", str(len(papers.lost)), "0", bool(papers.lost)),
    ]  # fmt: skip
    if papers.uncertain:
        made.append(Row("– uncertain, said so in the log and never sent again", f"{papers.uncertain:,}"))
    return made


def _dark_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    dark, light = Papers(), Papers()
    for outcome in outcomes:
        dark += outcome.in_the_dark
        for place in MUTE:
            light += outcome.papers.get(place, Papers())
    return [
        Row("Channels whose history may not be read: papers owed", f"{dark.owed:,}"),
        Row("– posted once", f"{dark.once:,}"),
        Row("– uncertain, shown and not sent again; waiting behind these", f"{dark.uncertain:,}; {dark.waiting:,}"),
        Row("– twice, lost", f"{len(dark.twice)}, {len(dark.lost)}", "0, 0", bool(dark.twice or dark.lost)),
        Row("– posted once when it may be read again", f"{light.once:,} of {light.owed:,}", "100 %",
            light.once != light.owed or bool(light.twice)),
    ]  # fmt: skip


def _save_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    saves = Saves()
    for outcome in outcomes:
        saves += outcome.saves
    return [
        Row("saves by members", f"{saves.saved:,}"),
        Row("– in the library", f"{saves.kept:,}", "100 %", saves.kept != saves.saved),
        Row("– lost", str(len(saves.lost)), "0", bool(saves.lost)),
        Row("– doubled", str(saves.doubled), "0", saves.doubled > 0),
        Row("reactions that cannot be read back; of these in the library",
            f"{saves.unreadable:,}; {saves.unreadable_kept:,}"),
        Row("saves taken back", f"{saves.taken_back:,}"),
        Row("– in the library all the same, since a reaction went while nobody listened", str(len(saves.back_again))),
    ]  # fmt: skip


def _point_row(outcomes: Sequence[Outcome], *, every_point: bool) -> Row:
    hit = {point for outcome in outcomes for point in outcome.points}
    points = {(method, side) for method in (*METHODS, "put_note") for side in (BEFORE, AFTER)}
    unknown = (
        {method for outcome in outcomes for method in outcome.wrote} - {method for method, _ in points} - set(SELDOM)
    )
    left = sorted(f"{side} {method}" for method, side in points - hit)
    said = f"{len(hit & points)} of {len(points)}"
    if every_point and left:
        said += f"; not {', '.join(left)}"
    if unknown:
        said += f"; unplanned {', '.join(sorted(unknown))}"
    goal = "all" if every_point else ""
    return Row("named points hit (before and after each commit)", said, goal, bool(every_point and left))


def table(found: Sequence[Row]) -> str:
    """As Markdown."""
    lines = ["| what | counted | goal |", "|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| {row.what} | {row.figure}{' **MISSED**' if row.missed else ''} | {row.goal} |" for row in found)]
    )
