"""``SignalSource`` on the network: the Daily Papers API of Hugging Face.

``GET daily_papers?date=YYYY-MM-DD&limit=100``, and ``p=1`` … while a page is at least half full: the API may give fewer
than it was asked for. No credentials are sent. An answer has 30 seconds and 5 MB, uncompressed, and must be JSON by its
type and by its contents. At most three redirects are followed, and none to another host or from https to http.
Whatever fails becomes a SourceError, with what an answer asks for in Retry-After; a day that is refused (400, 404) is
permanent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp

from adapters.huggingface.parse import signals_in
from bot import __version__
from bot.errors import ConfigError, SourceError
from bot.models import Signal
from bot.ports import Clock
from bot.proxies import proxy_for

MOST_BYTES = 5_000_000
PAGE = 100
MOST_PAGES = 5
MOST_REDIRECTS = 3
SECONDS = 30.0

_TOO_LARGE = f"Hugging Face's answer has more than {MOST_BYTES // 1_000_000} MB."
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OF_THE_DAY = frozenset({400, 404, 422})
# What a host that is busy asks for where it names no time.
_BUSY_SECONDS = 600.0


class HuggingFaceSource:
    """``api_url`` ends with a slash; ``contact`` is an address for the operators, or empty. ``seconds``: the time that
    an answer has."""

    def __init__(self, api_url: str, *, contact: str, clock: Clock, seconds: float = SECONDS) -> None:
        self._url = f"{api_url}daily_papers"
        self._clock = clock
        agent = f"paperroute/{__version__}"
        self._headers = {"User-Agent": f"{agent} ({contact})" if contact else agent}
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, 10.0))
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Give the connections back; closing twice is fine."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def signals(self, day: date) -> list[Signal]:
        found: dict[str, Signal] = {}
        for page in range(MOST_PAGES):
            query = {"date": day.isoformat(), "limit": str(PAGE)} | ({"p": str(page)} if page else {})
            content = await self._get(f"{self._url}?{urlencode(query)}")
            # A large answer takes longer to read than the event loop may be held.
            signals = await asyncio.to_thread(signals_in, content, self._clock.now())
            known = len(found)
            found |= {signal.paper: signal for signal in signals}
            if len(signals) < PAGE // 2 or len(found) == known:
                break
        return list(found.values())

    async def _get(self, url: str) -> bytes:
        """The body of an answer, after redirects."""
        try:
            for _ in range(MOST_REDIRECTS + 1):
                answer = await self._ask(url)
                if isinstance(answer, bytes):
                    return answer
                url = _allowed(url, answer)
        except TimeoutError:
            raise SourceError("Hugging Face did not answer in time.") from None
        except aiohttp.ClientError as error:
            # Its text may name a proxy with its password.
            raise SourceError(f"Hugging Face cannot be reached ({type(error).__name__}).") from None
        raise SourceError("Hugging Face redirects too often.")

    async def _ask(self, url: str) -> bytes | str:
        """The body, or where a redirect leads."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=self._headers, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout
            )
        try:
            proxy = proxy_for(url)
        except ConfigError as error:
            raise SourceError(str(error)) from None
        async with self._session.get(url, proxy=proxy, allow_redirects=False) as answer:
            if answer.status in _REDIRECTS:
                return answer.headers.get("Location", "")
            if answer.status != 200:
                raise self._refused(answer.status, answer.headers)
            if answer.content_type != "application/json":
                raise SourceError(f"Hugging Face's answer is no JSON but {_shown(answer.content_type)}.")
            return await _body(answer)

    def _refused(self, status: int, headers: Mapping[str, str]) -> SourceError:
        asked = _seconds(headers.get("Retry-After", ""), self._clock.now())
        if status in (429, 503):
            asked = _BUSY_SECONDS if asked is None else asked
            return SourceError(f"Hugging Face wants to be asked later (HTTP {status}).", retry_after=asked)
        return SourceError(f"Hugging Face refuses to answer (HTTP {status}).", permanent=status in _OF_THE_DAY)


def _allowed(url: str, location: str) -> str:
    """Where a redirect leads. Raises SourceError."""
    try:
        target = urljoin(url, location)
        old, new = urlsplit(url), urlsplit(target)
    except ValueError:
        raise SourceError("Hugging Face redirects to nowhere.") from None
    if not location or new.netloc != old.netloc or new.scheme not in (old.scheme, "https"):
        raise SourceError("Hugging Face redirects to another host; set HUGGINGFACE_API_URL if that is right.")
    return target


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > MOST_BYTES:
        raise SourceError(_TOO_LARGE)
    content = bytearray()
    async for block in answer.content.iter_any():
        content += block
        if len(content) > MOST_BYTES:
            raise SourceError(_TOO_LARGE)
    return bytes(content)


def _seconds(text: str, now: datetime) -> float | None:
    """A Retry-After, in seconds or as a date; None where it is neither."""
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _shown(text: str) -> str:
    return "".join(character for character in text[:60] if character.isprintable()) or "nothing that says so"
