"""How texts get into a platform's sizes: what every rendering shares. Pure.

``render`` is a platform's own function from a text of ours, in which back-quotes stand in pairs around what can be
typed, to its mark-up; mark-up may be longer than the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.models import Entry

Render = Callable[[str], str]


def code_parts(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text of ours, and whether each is code; where back-quotes do not pair up, nothing is."""
    # An empty pair shows nothing; without it, what stands around it is looked at as one.
    parts = text.replace("``", "").split("`")
    if len(parts) % 2 == 0:
        yield text, False
        return
    for place, part in enumerate(parts):
        yield part, place % 2 == 1


def fitted(text: str, most: int, render: Render) -> str:
    """``render`` of as much of ``text`` as fits into ``most`` characters; "…" at a cut, nothing where nothing fits."""
    result = render(text)
    keep = len(text)
    while len(result) > most and keep > 0:
        keep = min(keep - 1, keep * most // len(result))
        result = render(text[:keep].rstrip() + "…") if most > 0 else ""
    return result


def fair_lengths(lengths: Sequence[int], room: int) -> list[int]:
    """The most that each may have, together at most ``room``; those below the common bound keep all.

    Where the room is too small for all, short ones stay whole and the longest give way.
    """
    left, many = room, len(lengths)
    bound = 0
    for length in sorted(lengths):
        if length * many > left:
            bound = left // many
            break
        left -= length
        many -= 1
        bound = length
    return [min(length, bound) for length in lengths]


def first_proposed(entries: Sequence[Entry]) -> Entry | None:
    """The entry above which a digest says that proposals follow; None where there are none."""
    return next((entry for entry in entries if entry.because), None)


def pieces(text: str, most: int, render: Render) -> Iterator[str]:
    """A tidy text in pieces of at most ``most`` characters, rendered; nothing is lost.

    Cut between lines, within a line that is too long at spaces outside of back-quotes where there are any.
    """
    gathered = ""
    for line in text.split("\n"):
        for piece in _line_pieces(line, most, render):
            if gathered and len(gathered) + 1 + len(piece) > most:
                yield gathered
                gathered = ""
            gathered = f"{gathered}\n{piece}" if gathered else piece
    if gathered:
        yield gathered


def _line_pieces(line: str, most: int, render: Render) -> Iterator[str]:
    while len(whole := render(line)) > most:
        cut = _cut(line, most, render)
        yield render(line[:cut].rstrip())
        line = line[cut:].lstrip()
    if whole:
        yield whole


def _cut(line: str, most: int, render: Render) -> int:
    """Where to cut a line that is too long, so that its beginning fits."""
    end = len(line)
    while (length := len(render(line[:end]))) > most and end > 1:
        end = max(1, min(end - 1, end * most // length))
    for place in range(end, end // 4, -1):
        if line[place - 1] == " " and line.count("`", 0, place) % 2 == 0:
            return place
    return end
