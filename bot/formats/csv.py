"""Papers as a table for spreadsheets: comma-separated, quoted as RFC 4180 says, with a heading line.

Columns: arxiv ("arXiv:2603.00010": as a bare number a spreadsheet would drop the last zero), version, title, authors
(separated by "; "), categories (by spaces), published and updated (days, UTC), announced (day), doi, journal_ref,
comment, url, pdf, abstract. New columns are added at the end.

Spreadsheets carry out a cell that begins like a formula (https://owasp.org/www-community/attacks/CSV_Injection); such a
cell gets an apostrophe in front, and no cell has a line end, tab or control character in it. The file begins with a
byte order mark, without which Excel takes UTF-8 for another encoding.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from bot.formats.fields import clean, once
from bot.models import Paper
from bot.text import readable

COLUMNS = (
    "arxiv", "version", "title", "authors", "categories", "published", "updated", "announced", "doi", "journal_ref",
    "comment", "url", "pdf", "abstract",
)  # fmt: skip
_MARK = "\ufeff"
_FORMULA = tuple("=+-@＝＋－＠")


def csv_table(papers: Iterable[Paper]) -> str:
    """A CSV file of the papers: the heading alone without papers."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in _row(paper)] for paper in once(papers))
    return _MARK + out.getvalue()


def _row(paper: Paper) -> tuple[str, ...]:
    return (
        f"arXiv:{paper.id}",
        str(paper.version),
        readable(paper.title),
        "; ".join(clean(readable(name)) for name in paper.authors),
        " ".join(paper.categories),
        f"{paper.published:%Y-%m-%d}",
        f"{paper.updated:%Y-%m-%d}",
        paper.announced.isoformat() if paper.announced else "",
        paper.doi or "",
        readable(paper.journal_ref or ""),
        readable(paper.comment or ""),
        paper.abstract_url,
        paper.pdf_url,
        readable(paper.abstract),
    )


def _harmless(cell: str) -> str:
    plain = clean(cell)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
