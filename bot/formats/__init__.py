"""The kinds of file that a list of papers can be given as.

Every writer takes papers and gives the text of a file: the papers in their order, a paper once, nothing of a stranger's
that the file's reader would carry out or take for structure. ``FORMATS`` has them by name; ``find_format`` knows the
other names too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.formats.bibtex import bibtex
from bot.formats.csl import csl_json
from bot.formats.csv import csv_table
from bot.formats.json import json_document
from bot.formats.markdown import markdown
from bot.formats.ris import ris
from bot.models import Paper

__all__ = ["FORMATS", "Format", "find_format"]


@dataclass(frozen=True, slots=True)
class Format:
    """``title`` is its name in a sentence, ``ending`` that of a file's name without the full stop."""

    title: str
    ending: str
    media_type: str
    write: Callable[[Iterable[Paper]], str]


FORMATS = {
    "bibtex": Format("BibTeX", "bib", "application/x-bibtex", bibtex),
    "ris": Format("RIS", "ris", "application/x-research-info-systems", ris),
    "csv": Format("CSV", "csv", "text/csv", csv_table),
    "json": Format("JSON", "json", "application/json", json_document),
    "csl": Format("CSL-JSON", "csl.json", "application/vnd.citationstyles.csl+json", csl_json),
    "markdown": Format("Markdown", "md", "text/markdown", markdown),
}
_OTHER_NAMES = {"bib": "bibtex", "md": "markdown", "csl-json": "csl"}


def find_format(word: str) -> Format | None:
    """The format of that name, in any case."""
    folded = word.casefold()
    return FORMATS.get(_OTHER_NAMES.get(folded, folded))
