"""Papers as BibTeX.

Safe for LaTeX by construction: titles, names and journals become readable Unicode first and are then encoded, so no
command of a stranger reaches the reader's LaTeX. Literal braces become commands, because BibTeX counts braces even
behind a backslash. Words with capitals inside are braced so that styles do not write "rlhf".

A key is the first author's surname, the year and the title's first telling word (``post2026study``). Where two papers
of one file would share it, the one with the lowest id keeps it and the others get their id behind it, so a key does
not change when later papers join. The eprint fields are those that arXiv's own BibTeX export and biblatex use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.middlewares import AddEnclosingMiddleware
from bibtexparser.model import Block, Entry, Field
from bibtexparser.writer import BibtexFormat
from pylatexenc.latexencode import RULE_DICT, UnicodeToLatexConversionRule, UnicodeToLatexEncoder

from bot.formats.fields import GROUPS, SUFFIXES, clean, doi_of, once
from bot.models import Paper
from bot.text import readable

_UNTELLING = {
    "a", "an", "the", "on", "of", "in", "to", "for", "and", "or", "with", "from", "by", "at", "as", "is", "are", "be",
    "we", "do", "does", "can", "how", "what", "when", "why", "where", "which", "towards", "toward", "via", "using",
}  # fmt: skip
# LaTeX closes with every straight quote and opens with none.
_STRAIGHT_QUOTES = re.compile(r'"([^"]+)"')
_NO_SURNAMES = SUFFIXES | {"the"}


def bibtex(papers: Iterable[Paper]) -> str:
    """A BibTeX file of the papers, in their order, a paper once; ends with a newline unless empty."""
    chosen = once(papers)
    keys = citation_keys(chosen)
    blocks: list[Block] = [_entry(paper, keys[paper.id]) for paper in chosen]
    layout = BibtexFormat()  # type: ignore[no-untyped-call] # its __init__ lacks the annotation
    layout.indent = "  "
    layout.block_separator = "\n"
    layout.trailing_comma = True
    enclose = AddEnclosingMiddleware(
        allow_inplace_modification=True, default_enclosing="{", reuse_previous_enclosing=False, enclose_integers=True
    )
    return str(write_string(Library(blocks), unparse_stack=[enclose], bibtex_format=layout))


def citation_keys(papers: Sequence[Paper]) -> dict[str, str]:
    """The key of each paper by its id; all differ, also when case is ignored."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for paper in sorted(papers, key=lambda paper: (paper.published, paper.id)):
        key = _plain_key(paper)
        if key in taken:
            key = f"{key}-{paper.id.replace('/', '-').lower()}"
        taken.add(key)
        keys[paper.id] = key
    return keys


def _entry(paper: Paper, key: str) -> Entry:
    fields = {
        "title": _title(paper.title),
        "author": " and ".join(_author(name) for name in paper.authors),
        "year": str(paper.published.year),
        "eprint": paper.id,
        "archivePrefix": "arXiv",
        "primaryClass": paper.primary_category,
        "url": paper.abstract_url,
    }
    if doi := doi_of(paper):
        fields["doi"] = doi
    if journal := _latex(readable(paper.journal_ref or "")):
        fields["journal"] = journal
    kind = "article" if journal else "misc"
    return Entry(kind, key, [Field(name, value) for name, value in fields.items() if value])


def _plain_key(paper: Paper) -> str:
    name = _ascii(readable(paper.authors[0])).split() if paper.authors else []
    name = [word for word in name if word not in _NO_SURNAMES] or name
    surname = (name[0] if name and name[-1] in GROUPS else name[-1]) if name else ""
    telling = [word for word in _ascii(readable(paper.title)).split() if word not in _UNTELLING]
    if not surname or not telling:
        return f"arxiv{paper.id.replace('/', '-').lower()}"
    return f"{surname}{paper.published.year}{telling[0]}"


def _ascii(text: str) -> str:
    """Lower-case ASCII words; accents dropped, apostrophes and hyphens closed up in names such as O'Neil."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l")).lower()
    plain = re.sub("['’]", "", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    return re.sub(r"[^a-z0-9]+", " ", plain)


def _title(title: str) -> str:
    curled = _STRAIGHT_QUOTES.sub("“\\1”", clean(readable(title)))
    return " ".join(_protected(word) for word in curled.split())


def _protected(word: str) -> str:
    encoded = _encoder().unicode_to_latex(word)
    capitals = any(letter.isupper() for letter in word[1:]) or (len(word) == 1 and word.isupper() and word != "A")
    return f"{{{encoded}}}" if capitals else str(encoded)


def _author(name: str) -> str:
    """One name as BibTeX reads it; a collaboration, or a name with a comma or "and" in it, is braced to stay whole."""
    plain = clean(readable(name))
    words = plain.casefold().split()
    whole = "," in plain or "and" in words or bool(words and words[-1] in GROUPS)
    return f"{{{_latex(plain)}}}" if whole else _latex(plain)


def _latex(text: str) -> str:
    return str(_encoder().unicode_to_latex(clean(text)))


@lru_cache(maxsize=1)
def _encoder() -> UnicodeToLatexEncoder:
    braces = {ord("{"): r"{\textbraceleft}", ord("}"): r"{\textbraceright}"}
    return UnicodeToLatexEncoder(
        conversion_rules=[UnicodeToLatexConversionRule(RULE_DICT, braces), "defaults"],
        unknown_char_policy="keep",
        unknown_char_warning=False,
    )
