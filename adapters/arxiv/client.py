"""The ``arxiv`` package's client, made to serve asyncio: one request at a time, whole papers, SourceError alone.

Each call here is one page of the API and so one request (repetitions after faults apart); the package's own paging is
not used, because a page that is shorter than promised would make it ask on behind the end.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import arxiv
import requests
import urllib3

from adapters.arxiv.parse import to_paper
from adapters.arxiv.transport import LONGEST_WAIT, AnswerError, Transport
from bot import __version__
from bot.errors import SourceError
from bot.models import Paper
from bot.ports import Clock

PAGE_SIZE = 200
RETRIES = 3
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0

_T = TypeVar("_T")


class Client:
    """``api_url`` is the whole address up to the question mark; ``delay`` the seconds between requests."""

    def __init__(
        self,
        *,
        api_url: str,
        delay: float,
        contact: str,
        clock: Clock,
        timeout: tuple[float, float] = (CONNECT_TIMEOUT, READ_TIMEOUT),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._stopping = threading.Event()
        self._lock = asyncio.Lock()
        self._one_at_a_time = threading.Lock()
        self.transport = Transport(
            delay=delay,
            user_agent=user_agent(contact),
            timeout=timeout,
            total=5 * timeout[1],
            monotonic=monotonic,
            sleep=sleep or self._stopping.wait,
            now=clock.now,
        )
        self._client = arxiv.Client(page_size=PAGE_SIZE, delay_seconds=0, num_retries=RETRIES)
        # Braces of the address itself must survive the package's str.format.
        self._client.query_url_format = api_url.replace("{", "{{").replace("}", "}}") + "?{}"
        # The transport looks for proxies and certificates itself; a .netrc is not to be involved.
        self._client._session.trust_env = False
        for scheme in ("https://", "http://"):
            self._client._session.mount(scheme, self.transport)

    async def by_id(self, ids: Sequence[str], *, patience: float = LONGEST_WAIT) -> dict[str, Paper]:
        """The whole papers among at most ``PAGE_SIZE`` ids (see ``parse.is_paper_id``), by id.

        Raises SourceError, at once when arXiv wants to be left alone for more than ``patience`` seconds.
        """
        if len(ids) > PAGE_SIZE:
            raise ValueError(f"{len(ids)} ids do not fit into one request")
        wanted = set(ids)
        search = arxiv.Search(id_list=list(ids), max_results=PAGE_SIZE)
        papers = await self._page(search, retries=RETRIES, patience=patience)
        return {paper.id: paper for paper in papers if paper.id in wanted}

    async def newest(self) -> list[Paper]:
        """Some of the latest submitted papers. Raises SourceError; not tried again, as nobody depends on it."""
        search = arxiv.Search(
            query="submittedDate:[199101010000 TO 209912312359]",
            max_results=PAGE_SIZE,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Descending,
        )
        return await self._page(search, retries=0, patience=LONGEST_WAIT)

    def close(self) -> None:
        """Wake and end whatever waits its turn, and send nothing more."""
        self.transport.stop()
        self._stopping.set()
        self._client._session.close()

    async def _page(self, search: arxiv.Search, *, retries: int, patience: float) -> list[Paper]:
        if (wait := self.transport.wait()) > patience:
            raise SourceError(f"arXiv asked not to be asked again for {wait:.0f} seconds.", retry_after=wait)

        def request() -> list[Paper]:
            # Whoever awaited the request before may have been cancelled while it still runs.
            with self._one_at_a_time, as_source_error(self.transport):
                self._client.num_retries = retries
                self.transport.patience = patience
                results = self._client.results(search)
                first = list(itertools.islice(results, 1))
                rest = itertools.islice(results, self.transport.entries - 1) if first else ()
                return [paper for result in (*first, *rest) if (paper := to_paper(result))]

        async with self._lock:
            return await in_thread(request)


@contextmanager
def as_source_error(transport: Transport) -> Iterator[None]:
    """Everything that the package, ``requests`` or ``urllib3`` raise becomes a SourceError in a person's words."""
    try:
        yield
    except arxiv.HTTPError as error:
        raise SourceError(f"arXiv answered with HTTP {error.status}.", retry_after=transport.retry_after) from error
    except AnswerError as error:
        raise SourceError(f"arXiv's answer is not usable: {error}.") from error
    except (arxiv.ArxivError, ValueError) as error:
        if isinstance(error, requests.RequestException):
            # Among the kinds of RequestException, those about addresses are ValueErrors as well.
            raise SourceError("ARXIV_API_URL is not an address that can be asked.", permanent=True) from error
        raise SourceError("arXiv's answer could not be read.") from error
    except requests.exceptions.SSLError as error:
        raise SourceError(
            "arXiv's certificate could not be verified; check ARXIV_API_URL, the clock and, behind a proxy that opens"
            " what is encrypted, REQUESTS_CA_BUNDLE."
        ) from error
    except requests.exceptions.ProxyError as error:
        raise SourceError("arXiv could not be reached through the proxy; check HTTPS_PROXY and HTTP_PROXY.") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise SourceError("arXiv could not be reached; check the network and ARXIV_API_URL.") from error


async def in_thread(call: Callable[[], _T]) -> _T:
    """Run it in a thread of its own that does not keep the program from ending.

    ``asyncio.to_thread`` would: at its end the loop waits for the thread, and a hanging read lasts up to a minute.
    """
    outcome: concurrent.futures.Future[_T] = concurrent.futures.Future()
    outcome.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - handed to the one who awaits it
            outcome.set_exception(error)
        else:
            outcome.set_result(result)

    threading.Thread(target=run, name="arxiv", daemon=True).start()
    return await asyncio.wrap_future(outcome)


def user_agent(contact: str) -> str:
    """``paperroute/<version> (<contact>)``, in characters that a header may hold."""
    plain = "".join(character for character in contact if character.isascii() and character.isprintable()).strip()
    return f"paperroute/{__version__} ({plain})" if plain else f"paperroute/{__version__}"
