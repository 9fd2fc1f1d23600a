"""The address of an arXiv feed as a query, where it is certain what the feed has.

- ``rss.arxiv.org/rss/cs.CL``, ``export.arxiv.org/rss/cs.CL+stat.ML`` and their like: these categories, or all of an
  archive (https://info.arxiv.org/help/rss.html).
- ``export.arxiv.org/api/query?search_query=…``: the search (https://info.arxiv.org/help/api/user-manual.html, section
  5.1), if it is made of words and phrases with ``ti:``, ``abs:``, ``au:``, ``cat:`` or ``all:``, of AND, OR, ANDNOT and
  parentheses. arXiv reads ``a AND b OR c`` from right to left and words side by side as OR, other than most people
  mean, so what mixes operators without parentheses, or leaves them out, is not translated.

``all:``, as no field, is more on arXiv (comments, authors) than here (title and abstract); ``Feed.broader`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from bot.categories import ARCHIVES, CATEGORIES

_HOSTS = frozenset({"arxiv.org", "www.arxiv.org", "export.arxiv.org", "rss.arxiv.org"})
_LONGEST = 4000
_DEEPEST = 20
_NEWS = re.compile(r"/(?:rss|atom)/([^/]+)/?", re.IGNORECASE)
_SEARCH = re.compile(r"/api/query/?", re.IGNORECASE)
_TOKEN = re.compile(r'\s*(?:([()])|(?:([A-Za-z]+):)?(?:"([^"]*)"|([^\s()":]+)))')
_FIELDS = {"ti": "ti:", "abs": "abs:", "au": "au:", "cat": "cat:", "all": "", "": ""}
_OPERATORS = frozenset({"AND", "OR", "ANDNOT"})
_PLAIN = re.compile(r"[^\W_][\w.+'*/-]*")


class FeedError(Exception):
    """The address is not translated; the text says why, to follow a colon."""


@dataclass(frozen=True, slots=True)
class Feed:
    """``query`` in our language, which may still refuse it; ``broader``: the feed also looks where watches do not."""

    query: str
    broader: bool = False


def shown_address(address: str) -> str:
    """An address as it may be shown: of a stranger's feed the host alone, since the rest may be somebody's secret."""
    try:
        parts = urlsplit(address.strip()[:_LONGEST])
        host = parts.hostname or ""
    except ValueError:
        return ""
    return f"{host}{parts.path}{'?' if parts.query else ''}{parts.query}" if host in _HOSTS else host


def feed_query(address: str) -> Feed:
    """What a feed of that address has. Raises FeedError."""
    try:
        parts = urlsplit(address.strip()[:_LONGEST])
        host = parts.hostname
    except ValueError:
        raise FeedError("that is no address.") from None
    if parts.scheme not in ("http", "https", "feed") or host not in _HOSTS:
        raise FeedError("that is no feed of arXiv.")
    if len(address) > _LONGEST:
        raise FeedError("the address is too long.")
    if news := _NEWS.fullmatch(parts.path):
        return Feed(" OR ".join(_category(name) for name in unquote(news[1]).split("+")))
    if not _SEARCH.fullmatch(parts.path):
        raise FeedError("it is not known what this feed has.")
    asked = parse_qs(parts.query)
    if "id_list" in asked or "search_query" not in asked:
        raise FeedError("it asks for certain papers and not for words.")
    return _Translator(asked["search_query"][0]).feed()


def _category(name: str) -> str:
    archive = next((known for known in ARCHIVES if known.casefold() == name.casefold()), name)
    return f"cat:{archive}.*" if archive in ARCHIVES and archive not in CATEGORIES else f"cat:{archive}"


class _Translator:
    """One search of arXiv's on its way into our language; by recursion, to a bounded depth."""

    def __init__(self, text: str) -> None:
        self._tokens = self._read(text)
        self._next = next(self._tokens, None)
        self._broader = False

    def feed(self) -> Feed:
        query = self._expression(0)
        if self._next is not None:
            raise FeedError("its parentheses do not pair up.")
        return Feed(query, self._broader)

    @staticmethod
    def _read(text: str) -> Iterator[re.Match[str]]:
        end = 0
        while end < len(text.rstrip()):
            found = _TOKEN.match(text, end)
            if found is None:
                raise FeedError("its search cannot be read.")
            yield found
            end = found.end()

    def _take(self) -> re.Match[str] | None:
        taken, self._next = self._next, next(self._tokens, None)
        return taken

    def _expression(self, depth: int) -> str:
        operands = [self._operand(depth)]
        operators: list[str] = []
        while self._next is not None and self._next[1] != ")":
            operator = self._take()
            if operator is None or operator[4] not in _OPERATORS or operator[2]:
                raise FeedError("words without AND or OR between them mean something else on arXiv.")
            operators.append(operator[4])
            operands.append(self._operand(depth))
        if len(set(operators)) > 1 or operators.count("ANDNOT") > 1:
            raise FeedError("without parentheses it is not certain what belongs together.")
        if operators[:1] == ["ANDNOT"]:
            return f"{operands[0]} NOT {operands[1]}"
        return (" OR " if operators[:1] == ["OR"] else " ").join(operands)

    def _operand(self, depth: int) -> str:
        token = self._take()
        if token is None or token[1] == ")" or (token[4] in _OPERATORS and not token[2]):
            raise FeedError("its search lacks a word.")
        if token[1]:
            if depth == _DEEPEST:
                raise FeedError("its search cannot be read.")
            inner = self._expression(depth + 1)
            if self._take() is None:
                raise FeedError("its parentheses do not pair up.")
            return f"({inner})"
        return self._term(token[2] or "", token[3], token[4] or "")

    def _term(self, field: str, phrase: str | None, word: str) -> str:
        ours = _FIELDS.get(field.casefold())
        if ours is None:
            raise FeedError(f"`{field[:20]}:` is no field of a watch.")
        if "?" in word or (ours == "au:" and "_" in word):
            raise FeedError(f"`{field[:20]}:` with such signs means something else here.")
        self._broader = self._broader or not ours
        if phrase is not None:
            return f'{ours}"{phrase}"'
        return f"{ours}{word}" if _PLAIN.fullmatch(word) and word != "NOT" else f'{ours}"{word}"'
