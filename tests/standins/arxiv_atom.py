"""arXiv's API as pure functions: which papers a request asks for, and the Atom feed that answers it.

The shape of the feed follows recorded answers of the API. The query grammar is that of the search API since November
2025: a missing operator means OR, and grouping is right-associative without precedence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from bot.models import Paper

MAX_SLICE = 2_000
MAX_WINDOW = 10_000

_ID = re.compile(r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v(?P<version>\d+))?", re.ASCII)
_TOKEN = re.compile(r'[()]|\w+:\[[^\]]*\]|\w+:"[^"]*"|"[^"]*"|[^\s()]+')
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OPERATORS = frozenset({"AND", "OR", "ANDNOT"})

_HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"'
    ' xmlns="http://www.w3.org/2005/Atom">\n'
)

Predicate = Callable[[Paper], bool]


class BadRequestError(Exception):
    """The API answers with status 400 and an error feed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a request."""

    query: str = ""
    ids: tuple[str, ...] = ()
    sort_by: str = "relevance"
    ascending: bool = False
    start: int = 0
    max_results: int = 10

    @classmethod
    def of(cls, parameters: dict[str, str]) -> Asked:
        """Read the parameters of the address. Raises BadRequestError where the API would refuse them."""
        try:
            start, size = int(parameters.get("start") or 0), int(parameters.get("max_results") or 10)
        except ValueError:
            raise BadRequestError("start and max_results must be integers") from None
        if start < 0 or not 0 <= size <= MAX_SLICE or start + size > MAX_WINDOW:
            raise BadRequestError(f"start {start} and max_results {size} are outside the window")
        ids = tuple(text.strip() for text in parameters.get("id_list", "").split(",") if text.strip())
        for text in ids:
            if not _ID.fullmatch(text):
                raise BadRequestError(f"incorrect id format for {text}")
        return cls(
            query=parameters.get("search_query", ""),
            ids=ids,
            sort_by=parameters.get("sortBy") or "relevance",
            ascending=parameters.get("sortOrder") == "ascending",
            start=start,
            max_results=size,
        )


def matching(asked: Asked, papers: dict[str, Paper]) -> list[Paper]:
    """All papers that the request asks for, in its order; unknown ids are absent."""
    if asked.ids:
        found = [paper for text in asked.ids if (paper := _by_id(text, papers))]
        # An id that is named twice is still one result.
        chosen = list({paper.id: paper for paper in found}.values())
    else:
        chosen = list(papers.values())
    if asked.query:
        wanted = parse_query(asked.query)
        chosen = [paper for paper in chosen if wanted(paper)]
    elif not asked.ids:
        return []
    if asked.sort_by == "submittedDate":
        chosen.sort(key=lambda paper: (paper.published, paper.id), reverse=not asked.ascending)
    elif asked.sort_by == "lastUpdatedDate":
        chosen.sort(key=lambda paper: (paper.updated, paper.id), reverse=not asked.ascending)
    return chosen


def _by_id(text: str, papers: dict[str, Paper]) -> Paper | None:
    match = _ID.fullmatch(text)
    paper = papers.get(match["id"]) if match else None
    if match is None or paper is None or int(match["version"] or 1) > paper.version:
        return None
    return paper


def parse_query(text: str) -> Predicate:
    """The papers that a search_query means."""
    tokens = _TOKEN.findall(text)
    predicate = _expression(tokens)
    if tokens:
        raise BadRequestError(f"cannot read the query from {tokens[0]} on")
    return predicate


def _expression(tokens: list[str]) -> Predicate:
    left = _term(tokens)
    if not tokens or tokens[0] == ")":
        return left
    operator = tokens.pop(0) if tokens[0] in _OPERATORS else "OR"
    right = _expression(tokens)
    if operator == "AND":
        return lambda paper: left(paper) and right(paper)
    if operator == "ANDNOT":
        return lambda paper: left(paper) and not right(paper)
    return lambda paper: left(paper) or right(paper)


def _term(tokens: list[str]) -> Predicate:
    if not tokens or tokens[0] == ")" or tokens[0] in _OPERATORS:
        raise BadRequestError("a search term is missing")
    token = tokens.pop(0)
    if token == "(":
        inside = _expression(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise BadRequestError("a parenthesis is not closed")
        return inside
    field, colon, value = token.partition(":")
    if not colon:
        field, value = "all", token
    return _field(field, value.strip('"'))


def _field(field: str, value: str) -> Predicate:
    if field in {"submittedDate", "lastUpdatedDate"}:
        first, last = _window(value)
        return lambda paper: first <= paper.published <= last
    if field == "cat":
        archive = value.removesuffix("*")
        if archive != value:
            return lambda paper: any(category.startswith(archive) for category in paper.categories)
        return lambda paper: value in paper.categories
    wanted = value.replace("_", " ").lower()
    texts: dict[str, Callable[[Paper], str]] = {
        "ti": lambda paper: paper.title,
        "abs": lambda paper: paper.abstract,
        "au": lambda paper: " ".join(paper.authors),
        "all": lambda paper: " ".join([paper.title, paper.abstract, *paper.authors, *paper.categories]),
    }
    text = texts.get(field)
    if text is None:
        return lambda paper: False
    return lambda paper: wanted == "*" or wanted in text(paper).lower()


def _window(value: str) -> tuple[datetime, datetime]:
    match = re.fullmatch(r"\[\s*(\d{8}|\d{12})\s+TO\s+(\d{8}|\d{12})\s*\]", value)
    if match is None:
        raise BadRequestError(f"cannot read the dates {value}")
    first, last = match[1].ljust(12, "0"), match[2] if len(match[2]) == 12 else f"{match[2]}2359"
    try:
        return _moment(first), _moment(last)
    except ValueError:
        raise BadRequestError(f"cannot read the dates {value}") from None


def _moment(digits: str) -> datetime:
    return datetime.strptime(digits, "%Y%m%d%H%M").replace(tzinfo=UTC)


def feed(entries: Sequence[str], *, total: int, start: int, size: int, title: str = "") -> str:
    """A feed around rendered entries."""
    return (
        f"{_HEAD}  <id>https://arxiv.org/api/stand-in</id>\n"
        f"  <title>arXiv Query: {escape(title)}</title>\n"
        "  <updated>2026-04-12T22:10:19Z</updated>\n"
        '  <link href="https://arxiv.org/api/query" type="application/atom+xml"/>\n'
        f"  <opensearch:itemsPerPage>{size}</opensearch:itemsPerPage>\n"
        f"  <opensearch:totalResults>{total}</opensearch:totalResults>\n"
        f"  <opensearch:startIndex>{start}</opensearch:startIndex>\n"
        f"{''.join(entries)}</feed>\n"
    )


def error_feed(message: str) -> str:
    """What the API sends with a status of 400."""
    address = quoteattr(f"https://arxiv.org/api/errors#{message.replace(' ', '_')}")
    entry = (
        "  <entry>\n"
        f"    <id>{escape(address[1:-1])}</id>\n"
        "    <title>Error</title>\n"
        "    <updated>2026-04-12T22:59:06Z</updated>\n"
        f'    <link href={address} rel="alternate" type="text/html"/>\n'
        f"    <summary>{escape(message)}</summary>\n"
        "    <author>\n      <name>arXiv api core</name>\n    </author>\n"
        "  </entry>\n"
    )
    return feed([entry], total=1, start=0, size=1)


def entry(paper: Paper, *, authors: bool = True, primary: bool = True, published: str | None = None) -> str:
    """A paper as an entry; ``authors`` and ``primary`` category can be left out, ``published`` replaced."""
    name = f"{paper.id}v{paper.version}"
    optional = [
        (tag, text)
        for tag, text in (("comment", paper.comment), ("journal_ref", paper.journal_ref), ("doi", paper.doi))
        if text
    ]
    lines = [
        "  <entry>",
        f"    <id>http://arxiv.org/abs/{name}</id>",
        f"    <title>{_text(paper.title)}</title>",
        f"    <updated>{_stamp(paper.updated)}</updated>",
        f'    <link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>',
        f'    <link href="https://arxiv.org/pdf/{name}" rel="related" type="application/pdf" title="pdf"/>',
        f"    <summary>{_text(paper.abstract)}</summary>",
        *(f'    <category term={quoteattr(c)} scheme="http://arxiv.org/schemas/atom"/>' for c in paper.categories),
        f"    <published>{_stamp(paper.published) if published is None else published}</published>",
        *(f"    <arxiv:{tag}>{_text(text)}</arxiv:{tag}>" for tag, text in optional),
    ]
    if primary:
        lines.append(f"    <arxiv:primary_category term={quoteattr(paper.primary_category)}/>")
    if authors:
        lines += [f"    <author>\n      <name>{_text(author)}</name>\n    </author>" for author in paper.authors]
    return "\n".join([*lines, "  </entry>", ""])


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("", text))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
