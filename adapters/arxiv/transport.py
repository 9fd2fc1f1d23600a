"""What the ``arxiv`` package's session lacks: manners and distrust. A ``requests`` adapter, mounted on that session.

- **Manners** (arXiv's Terms of Use for its API: one request every three seconds, one connection). At least ``delay``
  seconds lie between the *end* of an answer or failure and the next request, whoever repeats it; the package itself
  repeats at once after a connection error. ``Retry-After``, in seconds or as a date, is kept to. After a 406, a 429,
  a 503 or the words "Rate exceeded" without one, ten times the delay is waited, doubled each time in a row. Each
  request says who asks, and for what format (an absent Accept header has been answered with 406).
- **Distrust.** There are timeouts for connecting, for each read and for the whole answer, and a bound on its size. A
  200 has to be a whole Atom feed (see ``adapters.arxiv.feed``). Whatever is broken on the way becomes
  ``requests.ConnectionError``, because that is what the package tries again.
- A page whose entries are whole but fewer than its totals promise is asked for once more, then taken: the same paper
  may be unreadable at arXiv for days, and must not keep the others back.
- Refusals that no repetition mends (400, 401, 403, 404, 407, 410, 414) are a SourceError at once, and so is a wait
  longer than ``patience``.
- Proxies and certificates are those of the environment (``adapters.arxiv.environment``).

Thread-safe: one request at a time. Time comes in as ``monotonic`` and ``sleep``; ``now`` is for Retry-After dates.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from adapters.arxiv.environment import certificates, proxies_for
from adapters.arxiv.feed import UnsoundError, screen
from bot.errors import SourceError

LONGEST_WAIT = 600.0
MAX_BYTES = 64 * 2**20
_BLOCK = 2**16
# A longer Retry-After is taken for a mistake: the source must come back to life by itself.
_A_DAY = 86_400.0

_BUSY = frozenset({406, 429, 503})
_REFUSED = frozenset({400, 401, 403, 404, 410, 414})
# Another address, or another request, is needed: asking again cannot help.
_PERMANENT = frozenset({400, 404, 410, 414})

# With a proxy it is its address that is wrong, or a SOCKS proxy's: that of the request has been parsed already.
_BAD_PROXY = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, urllib3.exceptions.LocationValueError)


class AnswerError(requests.ConnectionError):
    """An answer came and is not whole; the text says in what respect."""


class Transport(HTTPAdapter):
    """``timeout`` is (connect, read) in seconds; ``total`` bounds a whole answer.

    ``entries`` is the number of entries in the last whole answer, ``retry_after`` what a busy arXiv said last.
    """

    def __init__(
        self,
        *,
        delay: float,
        user_agent: str,
        timeout: tuple[float, float],
        total: float,
        monotonic: Callable[[], float],
        sleep: Callable[[float], object],
        now: Callable[[], datetime],
        max_bytes: int = MAX_BYTES,
    ) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self.patience = LONGEST_WAIT
        self.retry_after: float | None = None
        self.entries = 0
        self._delay = delay
        self._user_agent = user_agent
        self._timeout = timeout
        self._total = total
        self._monotonic = monotonic
        self._sleep = sleep
        self._now = now
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._not_before: float | None = None
        self._busy_in_a_row = 0
        self._short: str | None = None
        self._closed = False

    def wait(self) -> float:
        """Seconds until the next request may be sent."""
        return max(0.0, self._not_before - self._monotonic()) if self._not_before is not None else 0.0

    def stop(self) -> None:
        """Send nothing more."""
        self._closed = True

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """The whole, screened answer. Raises requests.ConnectionError where a repetition may help, or SourceError."""
        request.headers["User-Agent"] = self._user_agent
        request.headers["Accept"] = "application/atom+xml"
        # Requests are seconds to hours apart; a kept connection would only be found dead.
        request.headers["Connection"] = "close"
        with self._lock:
            self._wait_for_turn()
            try:
                way_out = _way_out(request.url or "")
                own = {"stream": True, "timeout": self._timeout} | way_out
                with _as_connection_error(proxied=bool(way_out["proxies"])):
                    response = self._read(super().send(request, *args, **(kwargs | own)))
            finally:
                self._not_before = self._monotonic() + self._delay
            body = response.raw.read()
            response.raw = io.BytesIO(body)
            good = response.status_code == requests.codes.ok
            throttled = good and body.lstrip()[:13].lower() == b"rate exceeded"
            self._heed(response, requests.codes.too_many_requests if throttled else response.status_code)
            if good:
                response.raw = io.BytesIO(self._screened(request.url or "", body))
            return response

    def _wait_for_turn(self) -> None:
        wait = self.wait()
        if wait > self.patience:
            self.retry_after = wait
            raise SourceError(f"arXiv asked not to be asked again for {_spoken(wait)}.", retry_after=wait)
        while not self._closed and (wait := self.wait()) > 0:
            self._sleep(wait)
        if self._closed:
            raise SourceError("The request to arXiv was given up because paperroute is stopping.")

    def _read(self, response: requests.Response) -> requests.Response:
        """A copy of the response with its body read, so that the next wait is counted from the end of it."""
        deadline = self._monotonic() + self._total
        body = io.BytesIO()
        try:
            for block in response.iter_content(_BLOCK):
                body.write(block)
                if body.tell() > self._max_bytes:
                    raise AnswerError(f"it is longer than {self._max_bytes} bytes")
                if self._monotonic() > deadline:
                    raise AnswerError(f"it took longer than {_spoken(self._total)}")
        finally:
            response.close()
        body.seek(0)
        copy = requests.Response()
        copy.status_code = response.status_code
        copy.headers = response.headers
        copy.url = response.url
        copy.reason = response.reason
        copy.request = response.request
        copy.raw = body
        return copy

    def _heed(self, response: requests.Response, status: int) -> None:
        """Remember how long arXiv wants to be left alone, and raise what must not be tried again."""
        self.retry_after = None
        if status == requests.codes.proxy_authentication_required:
            raise _proxy_error("it wants a name and a password (HTTP 407)")
        if status in _REFUSED:
            raise SourceError(
                f"arXiv refused the request (HTTP {status}); check ARXIV_API_URL and PAPERROUTE_CONTACT.",
                permanent=status in _PERMANENT,
            )
        if status not in _BUSY:
            self._busy_in_a_row = 0
            return
        asked = _seconds(response.headers.get("Retry-After"), self._now())
        wait = self._delay * 10 * 2**self._busy_in_a_row if asked is None else asked
        self._busy_in_a_row = min(self._busy_in_a_row + 1, 6)
        self.retry_after = asked
        self._not_before = self._monotonic() + max(self._delay, wait)
        if wait > self.patience:
            raise SourceError(
                f"arXiv is overloaded (HTTP {status}) and asked not to be asked again for {_spoken(wait)}.",
                retry_after=wait,
            )

    def _screened(self, url: str, body: bytes) -> bytes:
        asked = parse_qs(urlsplit(url).query)
        try:
            page = screen(
                body,
                start=int(asked.get("start", ["0"])[0]),
                page_size=int(asked["max_results"][0]) if "max_results" in asked else None,
                accept_short=self._short == url,
            )
        except UnsoundError as error:
            self._short = url if error.short else None
            raise AnswerError(str(error)) from error
        self._short = None
        self.entries = page.entries
        return page.body


@contextmanager
def _as_connection_error(*, proxied: bool) -> Iterator[None]:
    """The package tries ConnectionError again and nothing else of requests, not even a body that ends too early.

    What is left (addresses that are none, endless redirects) would fail again.
    """
    try:
        yield
    except _BAD_PROXY as error:
        if not proxied:
            raise requests.exceptions.InvalidURL("it cannot be asked") from error
        raise _proxy_error("its address is not that of an HTTP proxy") from error
    except requests.ConnectionError:
        raise
    except requests.Timeout as error:
        raise AnswerError("it did not come in time") from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
        raise AnswerError("it broke off or could not be decoded") from error


def _way_out(url: str) -> dict[str, Any]:
    proxies = proxies_for(url)
    return {"proxies": proxies, "verify": certificates()} if url.startswith("https:") else {"proxies": proxies}


def _proxy_error(why: str) -> SourceError:
    return SourceError(f"The proxy cannot be used, {why}; check HTTPS_PROXY or HTTP_PROXY.", permanent=True)


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """A Retry-After header in seconds from ``now``, at most a day; None where there is none that can be read."""
    text = (retry_after or "").strip()
    if text.isdecimal():
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - now).total_seconds()
    return min(max(0.0, seconds), _A_DAY)


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
