"""Posts and replies as lines for people at a terminal. Pure.

A digest, numbered so that `+1` or `save 2` can name a paper; the receipt comes last:

    2 new papers · Wednesday 4 March 2026 (1 of 2)

     1. A study of careful delivery
        Ada Post and Émile Café · cs.CL · matched: careful, delivery
        https://arxiv.org/abs/2603.00001

     2. …

    1,203 announced, 1,203 checked, 2 matched.

A card is one such paper with the beginning of its abstract. A card in a digest's thread does not say again what stands
in the digest above it: it is indented and brings the number, the title and the beginning of the abstract. A notice is
its heading and its words. A reply is its text, its papers, its footer and the command for the next page.

LaTeX is made readable, then everything passes ``harmless``: nothing printed can steer the terminal. Lines fit
``columns``, and 100 at most because longer ones read badly; only an address is never broken. ``columns`` None (the
output is no terminal): a title, an author line or a sentence stays on one line, so that it can be searched for.
A tone is decoration: nothing is said by it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from adapters.console.harmless import harmless, one_line
from adapters.console.wrapping import cells, wrap
from bot.conversation import Reply
from bot.models import Entry, Post, PostKind, Progress
from bot.rendering import first_proposed
from bot.signal_line import MOST_LINE, signal_line
from bot.text import readable
from bot.wording import SIMILAR_HEADING, authors_line, number, part_text, receipt_line

WIDEST = 100
NARROWEST = 24

TITLE = 300
AUTHORS = 300
WORD = 40
WORDS = 8
NOTE = 120
CARD_ABSTRACT = 480
THREAD_ABSTRACT = 240


class Tone(Enum):
    """How a line is decorated where colour is wanted (ECMA-48 SGR)."""

    PLAIN = ""
    STRONG = "\x1b[1m"
    FAINT = "\x1b[2m"


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line without its end."""

    text: str
    tone: Tone = Tone.PLAIN


def paint(lines: Iterable[Line], *, colour: bool) -> str:
    """The lines as one block of text with an empty line after it."""
    block = [f"{line.tone.value}{line.text}\x1b[0m" if colour and line.tone.value else line.text for line in lines]
    return "\n".join([*block, "", ""])


def post_lines(post: Post, columns: int | None) -> list[Line]:
    """A post of any kind as lines."""
    columns = _fitting(columns)
    blocks: list[list[Line]] = []
    part = part_text(post.part, post.parts)
    if heading := f"{one_line(post.heading, TITLE)}{f' ({part})' if part else ''}".strip():
        blocks.append(_toned(wrap(heading, columns), Tone.STRONG))
    if post.text:
        blocks.append(_plain(_paragraphs(post.text, columns)))
    proposed = first_proposed(post.entries)
    for entry in post.entries:
        if entry is proposed:
            blocks.append(_toned(wrap(SIMILAR_HEADING, columns), Tone.STRONG))
        if post.kind is not PostKind.CARD:
            blocks.append(_entry(entry, columns))
        elif post.thread_of is None:
            blocks.append(_entry(entry, columns) + _abstract(entry, columns, CARD_ABSTRACT, "    "))
        else:
            blocks.append(_threaded(entry, columns))
    if post.receipt is not None:
        blocks.append(_toned(wrap(f"{receipt_line(post.receipt)}.", columns), Tone.FAINT))
    return _joined(blocks)


def reply_lines(reply: Reply, columns: int | None) -> list[Line]:
    """A reply as lines, without its files."""
    columns = _fitting(columns)
    blocks = [_plain(_paragraphs(reply.text, columns))]
    blocks += [_entry(entry, columns) for entry in reply.papers]
    blocks.append(_plain(_paragraphs(reply.footer, columns)))
    if reply.more:
        blocks.append(_plain(wrap(f"More: `{one_line(reply.more, 600)}`", columns)))
    return _joined(blocks)


def bottom_line(progress: Progress | None) -> str:
    """What stands below the prompt: how far a back-fill has come, else how to go on."""
    if progress is None:
        return "`help` shows commands · `+1` saves paper 1 · Ctrl-D leaves"
    bar = ("█" * (20 * progress.done // progress.total)).ljust(20, "░")
    percent = 100 * progress.done // progress.total
    return f"filling the archive {bar} {number(progress.done)} of {number(progress.total)} papers ({percent} %)"


def _fitting(columns: int | None) -> int | None:
    return None if columns is None else min(max(columns, NARROWEST), WIDEST)


def _joined(blocks: Iterable[Sequence[Line]]) -> list[Line]:
    lines: list[Line] = []
    for block in blocks:
        if block and lines:
            lines.append(Line(""))
        lines.extend(block)
    return lines


def _toned(texts: Iterable[str], tone: Tone) -> list[Line]:
    return [Line(text, tone) for text in texts]


def _plain(texts: Iterable[str]) -> list[Line]:
    return _toned(texts, Tone.PLAIN)


def _title(entry: Entry) -> str:
    return _readable(entry.paper.title, TITLE)


def _readable(text: str, most: int) -> str:
    # The first cut bounds the work on a hostile text; LaTeX is seldom four times as long as what it shows.
    return one_line(readable(text[: most * 4]) + ("…" if len(text) > most * 4 else ""), most)


def _entry(entry: Entry, columns: int | None) -> list[Line]:
    paper = entry.paper
    about = [one_line(authors_line(paper.authors), AUTHORS), one_line(paper.primary_category, WORD)]
    if entry.words:
        words = [one_line(word, WORD) for word in entry.words[:WORDS]]
        more = len(entry.words) - WORDS
        about.append(f"matched: {', '.join(words)}{f' and {number(more)} more' if more > 0 else ''}")
    if entry.late:
        about.append("arrived late")
    if line := signal_line(entry.signal):
        about.append(one_line(line, MOST_LINE))
    if entry.note:
        about.append(one_line(entry.note, NOTE))
    if entry.because:
        about.append(one_line(entry.because, NOTE))
    mark = f"{entry.number:>2}. " if entry.number else "  - "
    return [
        *_toned(wrap(_title(entry) or "(no title)", columns, mark), Tone.STRONG),
        *_plain(wrap(" · ".join(about), columns, "    ")),
        *_toned(wrap(one_line(paper.abstract_url, TITLE), columns, "    ", broken=False), Tone.FAINT),
    ]


def _threaded(entry: Entry, columns: int | None) -> list[Line]:
    first = f"    {entry.number:>2}. "
    return [
        *_toned(wrap(_title(entry) or "(no title)", columns, first), Tone.STRONG),
        *_abstract(entry, columns, THREAD_ABSTRACT, " " * cells(first)),
    ]


def _abstract(entry: Entry, columns: int | None, most: int, margin: str) -> list[Line]:
    return _plain(wrap(_readable(entry.paper.abstract, most), columns, margin))


def _paragraphs(text: str, columns: int | None) -> list[str]:
    """Lines as they are where they fit, so that a table stays one; else wrapped below their own beginning."""
    lines: list[str] = []
    for whole in harmless(text).expandtabs(4).strip("\n").split("\n"):
        line = whole.rstrip()
        if columns is None or cells(line) <= columns:
            lines.append(line)
            continue
        words = line.lstrip()
        margin = " " * min(len(line) - len(words), columns // 2)
        hanging = margin + ("  " if words.startswith(("- ", "• ")) else "")
        lines.extend(wrap(words, columns, margin, hanging))
    return lines if any(lines) else []
