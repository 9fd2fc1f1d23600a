"""arXiv's API on loopback, over a list of papers that can grow, with faults on demand.

    with ArxivStandIn(papers) as arxiv:
        ...  # ask arxiv.url
        arxiv.announce(more_papers)
        arxiv.faults.append(Fault(Kind.STATUS, status=503, retry_after="7"))

A fault spoils the next request; ``None`` in the queue spares one. ``fault_of`` decides for every request instead, when
it is set. ``requests`` is the log. By hand it replays real papers listing day by listing day, densely renumbered:

    python -m tests.standins.arxiv --data papers.jsonl.gz --port 8100 --day 2025-10-13 --advance-every 60

``/control/advance`` announces the next day at once, ``/control/status`` says where the replay is.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from bot.models import Paper
from tests.standins.arxiv_atom import Asked, BadRequestError, entry, error_feed, feed, matching


class Kind(StrEnum):
    """What can be wrong with an answer."""

    EMPTY_PAGE = "the totals promise entries, there are none"
    TOTAL_ZERO = "no entries, and the total says there are none"
    TOTAL_ZERO_WITH_ENTRIES = "entries, but the total is 0"
    NO_TOTALS = "a feed without totals"
    WRONG_START = "startIndex is another than asked for"
    RATE_EXCEEDED = "status 200 with the text Rate exceeded."
    HTML = "status 200 with an HTML page"
    ERROR_FEED = "status 200 with an error feed"
    BROKEN_XML = "the XML is cut, the length is right"
    TRUNCATED = "the body ends before its Content-Length"
    ENTITIES = "a document type with entities"
    NO_AUTHORS = "entries without authors"
    NO_CATEGORY = "entries without a primary category"
    BAD_DATE = "entries with a date that is none"
    DROPPED = "entries left out, the totals as if they were there"
    PARTIAL = "entries left out, the totals too"
    STATUS = "another status, perhaps with Retry-After"
    REDIRECT = "a redirection to the same place"
    RESET_BEFORE = "the connection is reset before the answer"
    RESET_AFTER = "the connection is reset within the answer"
    HANG = "no answer ever"
    SLOW = "the answer comes in little pieces"


@dataclass(frozen=True, slots=True)
class Fault:
    """``ids``: the entries a fault concerns; empty: every second one from the first on."""

    kind: Kind
    status: int = 503
    retry_after: str = ""
    ids: frozenset[str] = frozenset()

    def concerns(self, place: int, paper: Paper) -> bool:
        return paper.id in self.ids if self.ids else place % 2 == 0


@dataclass(frozen=True, slots=True)
class Logged:
    """A request: when it came, by the stand-in's clock, what it asked for and what was done to it."""

    at: float
    parameters: dict[str, str]
    headers: dict[str, str]
    fault: Fault | None

    @property
    def ids(self) -> list[str]:
        return [text for text in self.parameters.get("id_list", "").split(",") if text]


@dataclass(slots=True)
class _Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class ArxivStandIn:
    """The server. ``monotonic`` is what the log's times come from."""

    def __init__(
        self, papers: Iterable[Paper] = (), *, port: int = 0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.faults: deque[Fault | None] = deque()
        self.fault_of: Callable[[Asked], Fault | None] | None = None
        self.verbatim: bytes | None = None
        self.requests: list[Logged] = []
        self.controls: dict[str, Callable[[], object]] = {}
        self.monotonic = monotonic
        self.open_most = 0
        self._open_now = 0
        self._lock = threading.Lock()
        self._papers: dict[str, Paper] = {}
        self.announce(papers)
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The whole address up to the question mark, once started."""
        return f"http://127.0.0.1:{self._port}/api/query"

    @property
    def papers(self) -> list[Paper]:
        return list(self._papers.values())

    def announce(self, papers: Iterable[Paper]) -> None:
        """Make papers readable; one with a known id replaces it."""
        self._papers = {**self._papers, **{paper.id: paper for paper in papers}}

    def withhold(self, ids: Iterable[str]) -> list[Paper]:
        """Take papers away; returns them."""
        taken = set(ids)
        gone = [paper for paper in self.papers if paper.id in taken]
        self._papers = {paper.id: paper for paper in self.papers if paper.id not in taken}
        return gone

    def start(self) -> Self:
        """Serve; the port stays the same after a ``stop``."""
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.stand_in = self
        self._port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="arxiv stand-in", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Be unreachable."""
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the requests that are under way; ``open_most`` keeps the most at a time."""
        with self._lock:
            self._open_now += 1
            self.open_most = max(self.open_most, self._open_now)
        try:
            yield
        finally:
            with self._lock:
                self._open_now -= 1

    def answer(self, asked: Asked, fault: Fault | None) -> _Answer:
        """The answer to a request, spoilt by the fault, or ``verbatim`` when that is set."""
        if self.verbatim is not None:
            return _Answer(200, self.verbatim)
        chosen = matching(asked, self._papers)
        page = chosen[asked.start : asked.start + asked.max_results]
        total = len(chosen)
        kind = fault.kind if fault else None
        spoilt = {paper.id for place, paper in enumerate(page) if fault and fault.concerns(place, paper)}
        if kind in {Kind.DROPPED, Kind.PARTIAL}:
            page = [paper for paper in page if paper.id not in spoilt]
            total -= len(spoilt) if kind is Kind.PARTIAL else 0
        elif kind in {Kind.EMPTY_PAGE, Kind.TOTAL_ZERO}:
            page = []
            total = max(total, 1) if kind is Kind.EMPTY_PAGE else 0
        elif kind is Kind.TOTAL_ZERO_WITH_ENTRIES:
            total = 0
        entries = [
            entry(
                paper,
                authors=not (kind is Kind.NO_AUTHORS and paper.id in spoilt),
                primary=not (kind is Kind.NO_CATEGORY and paper.id in spoilt),
                published="yesterday" if kind is Kind.BAD_DATE and paper.id in spoilt else None,
            )
            for paper in page
        ]
        start = asked.start + 10 if kind is Kind.WRONG_START else asked.start
        text = feed(entries, total=total, start=start, size=asked.max_results, title=asked.query)
        return _spoilt(text, fault)


def _spoilt(text: str, fault: Fault | None) -> _Answer:
    kind = fault.kind if fault else None
    if fault and kind is Kind.STATUS:
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        return _Answer(fault.status, b"An error page.", headers)
    if kind is Kind.RATE_EXCEEDED:
        return _Answer(200, b"Rate exceeded.")
    if kind is Kind.HTML:
        return _Answer(200, b"<!DOCTYPE html><html><body><p>arXiv is down for maintenance.</p></body></html>")
    if kind is Kind.ERROR_FEED:
        return _Answer(200, error_feed("something went wrong").encode())
    if kind is Kind.NO_TOTALS:
        text = "\n".join(line for line in text.splitlines() if "opensearch:totalResults" not in line)
    if kind is Kind.ENTITIES:
        text = text.replace("<feed", '<!DOCTYPE feed [<!ENTITY lol "lol">]>\n<feed', 1)
    body = text.encode()
    if kind is Kind.BROKEN_XML:
        body = body[: len(body) * 2 // 3]
    return _Answer(200, body, cut=len(body) // 2 if kind in {Kind.TRUNCATED, Kind.RESET_AFTER} else None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stand_in: ArxivStandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no news; anything else is printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        stand_in = self.server.stand_in
        address = urlsplit(self.path)
        control = stand_in.controls.get(address.path)
        if control:
            self.wfile.write(self._send(_Answer(200, json.dumps(control()).encode())))
            return
        parameters = dict(parse_qsl(address.query, keep_blank_values=True))
        last = b""
        with stand_in.counting():
            fault: Fault | None = None
            try:
                asked = Asked.of(parameters)
                fault = self._fault(asked)
                answer = stand_in.answer(asked, fault)
            except BadRequestError as error:
                answer = _Answer(400, error_feed(str(error)).encode())
            headers = {name.lower(): value for name, value in self.headers.items()}
            stand_in.requests.append(Logged(stand_in.monotonic(), parameters, headers, fault))
            kind = fault.kind if fault else None
            if kind is Kind.REDIRECT:
                answer = _Answer(302, b"", {"Location": f"{stand_in.url}?{address.query}"})
            if kind is Kind.HANG:
                # Ends when the client closes its side.
                self.connection.recv(1)
            if kind not in {Kind.HANG, Kind.RESET_BEFORE}:
                last = self._send(answer, pieces=kind is Kind.SLOW)
        # The client may go on as soon as it has the last byte or the end of the connection: this request is over then.
        if kind in {Kind.HANG, Kind.RESET_BEFORE, Kind.RESET_AFTER}:
            self._reset()
        else:
            self.wfile.write(last)

    def _fault(self, asked: Asked) -> Fault | None:
        stand_in = self.server.stand_in
        if stand_in.fault_of is not None:
            return stand_in.fault_of(asked)
        return stand_in.faults.popleft() if stand_in.faults else None

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _send(self, answer: _Answer, *, pieces: bool = False) -> bytes:
        """Send the answer up to its last byte, which is returned."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/atom+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        body = answer.body[: answer.cut]
        begun = body[:-1]
        size = 1000 if pieces else max(1, len(begun))
        for start in range(0, len(begun), size):
            self.wfile.write(begun[start : start + size])
        return body[len(begun) :]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """The log is ``ArxivStandIn.requests``."""


if __name__ == "__main__":
    from tests.standins.arxiv_replay import main

    main()
