"""OPML, in which feed readers give away their subscriptions: arXiv's feeds become queries.

http://opml.org/spec2.opml: an ``outline`` with an ``xmlUrl`` is a feed. Feeds that are not arXiv's, or of which it is
not certain what they have (``bot.commands.watch_files.feeds``), are left out and named in the notes; an OPML that has
no other is a mistake. Entities and document types are refused unread, so nothing in a file can grow or fetch.
"""

from __future__ import annotations

import io
from xml.sax import InputSource, SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

import defusedxml.sax
from defusedxml import DefusedXmlException

from bot.commands.complaint import complaint
from bot.commands.minimum import Wish
from bot.commands.saying import quoted
from bot.commands.watch_files.feeds import FeedError, feed_query, shown_address
from bot.commands.watch_files.wanted import Wanted, refuse_many
from bot.errors import CommandError, QueryError
from bot.query import Query

_MOST_OUTLINES = 10_000
_BROADER = (
    "Where a feed searches all fields, a watch looks at title and abstract alone: not at comments, not at authors."
)


def read_opml(text: str) -> Wanted:
    """The queries of an OPML's feeds. Raises CommandError when it cannot be read or has too many."""
    wanted = Wanted()
    broader = False
    for line, address in _feeds(text):
        place = f"Line {line}, {quoted(shown_address(address), 80)}"
        try:
            feed = feed_query(address)
            query = Query.parse(feed.query)
        except FeedError as error:
            wanted.notes.append(f"{place}: {error}")
        except QueryError as error:
            wanted.notes.append(f"{place}: {complaint(error)}")
        else:
            wanted.wishes.setdefault(query.canonical, Wish(query, feed.query, 0))
            broader = broader or feed.broader
    refuse_many(len(wanted.wishes))
    if not wanted.wishes:
        wanted.mistakes = wanted.notes or ["The OPML has no feeds."]
        wanted.notes = []
    elif broader:
        wanted.notes.append(_BROADER)
    return wanted


def _feeds(text: str) -> list[tuple[int, str]]:
    """The feeds' addresses with their lines."""
    source = InputSource()
    source.setByteStream(io.BytesIO(text.encode("utf-8", "replace")))
    # Whatever the file says of itself, this is how it comes.
    source.setEncoding("utf-8")
    handler = _Outlines()
    parser = defusedxml.sax.make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(handler)
    try:
        parser.parse(source)
    except DefusedXmlException:
        raise CommandError("The OPML defines entities or a document type, which no feed reader does.") from None
    except SAXParseException as error:
        said = " ".join(str(error.getMessage()).split())
        raise CommandError(f"The OPML cannot be read: {said} in line {error.getLineNumber()}.") from None
    except SAXException:
        raise CommandError("The OPML cannot be read.") from None
    return handler.feeds


class _Outlines(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.feeds: list[tuple[int, str]] = []
        self._elements = 0
        self._place: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - SAX calls it so
        self._place = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX calls it so
        if not self._elements and name.casefold() != "opml":
            raise CommandError(f"That is XML, but {quoted(name, 40)} and not OPML.")
        self._elements += 1
        if self._elements > _MOST_OUTLINES:
            raise CommandError(f"The OPML has more than {_MOST_OUTLINES:,} entries.")
        for attribute, value in attrs.items():
            if attribute.casefold() == "xmlurl" and value.strip():
                self.feeds.append((self._line(), value.strip()))

    def _line(self) -> int:
        return (self._place.getLineNumber() if self._place else None) or 0
