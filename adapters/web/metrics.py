"""``/metrics`` for Prometheus (https://prometheus.io/docs/concepts/data_model/): what the process counted since it
began, and how the store stands now.

It is answered for those alone who send the token of the settings (``Authorization: Bearer …``, in Prometheus
``authorization: credentials``). Where requests come from proves nothing: behind a proxy they all come from this
machine. Labels are platforms, never a workspace, a channel or a member.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from aiohttp import web
from aiohttp.http import HttpProcessingError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.errors import PaperrouteError
from bot.models import Backlog

logger = logging.getLogger(__name__)

PATH = "/metrics"
_SECONDS = 5.0
_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_LAGS = (
    *(minutes * _MINUTE for minutes in (5, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 4, 8, 12, 16, 20, 24, 36, 48)),
    *(days * _DAY for days in (3, 7)),
)
_ACKS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)


class _Defects(logging.Handler):
    """Counts what is logged with an exception: what nobody foresaw, wherever it was met.

    Libraries fail before they ask anybody, as Slack's do over an envelope that they cannot read; the log is where all
    of them say so. Requests that are no HTTP are not counted: strangers can send any number of them.
    """

    def __init__(self, counter: Counter) -> None:
        super().__init__(logging.ERROR)
        self._counter = counter

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, HttpProcessingError):
            first, _, rest = record.name.partition(".")
            # Which platform it was with.
            self._counter.labels(f"{first}.{rest.partition('.')[0]}" if first == "adapters" else first).inc()


class Metrics:
    """``bot.ports.Meter``, and the page. ``defects`` is a handler for the root of all loggers."""

    def __init__(self, token: str, version: str) -> None:
        self._token = token
        self.registry = registry = CollectorRegistry(auto_describe=True)
        self._announced = Counter("paperroute_announced", "Numbers of arXiv's sequence covered.", registry=registry)
        self._seen = Counter("paperroute_seen", "Papers read and checked.", registry=registry)
        self._matched = Counter("paperroute_matched", "Papers wanted by some watch.", registry=registry)
        self._late = Counter("paperroute_late", "Papers read after they had been missing.", registry=registry)
        self._polls = Counter("paperroute_polls", "Polls by how they ended.", ["outcome"], registry=registry)
        self._posted = Counter("paperroute_posted", "Posts sent.", ["platform"], registry=registry)
        self._retried = Counter("paperroute_retries", "Posts refused for now.", ["platform"], registry=registry)
        self._uncertain = Counter("paperroute_uncertain", "Posts with a lost answer.", ["platform"], registry=registry)
        self._dead = Counter("paperroute_dead", "Posts given up.", ["platform"], registry=registry)
        defects = Counter("paperroute_defects", "Exceptions in the log, by who logged them.", ["by"], registry=registry)
        for who in ("bot", "storage", "adapters.slack", "adapters.discord", "slack_bolt", "discord"):
            defects.labels(who)
        self.defects: logging.Handler = _Defects(defects)
        self._lag = Histogram(
            "paperroute_lag_seconds", "From a paper's announcement to its post.", buckets=_LAGS, registry=registry
        )
        self._ack = Histogram(
            "paperroute_ack_seconds",
            "From a command or click to its acknowledgement.",
            ["platform"],
            buckets=_ACKS,
            registry=registry,
        )
        self._owed = Gauge("paperroute_owed", "Papers owed to channels and not sent yet.", registry=registry)
        self._posts = Gauge("paperroute_posts", "Posts in the outbox by state.", ["state"], registry=registry)
        self._paused = Gauge("paperroute_paused_channels", "Channels paused, by anybody.", registry=registry)
        self._missing = Gauge("paperroute_missing", "Numbers that arXiv gave no paper for yet.", registry=registry)
        self._last_poll = Gauge(
            "paperroute_last_poll_timestamp_seconds", "When a poll last reached arXiv's top.", registry=registry
        )
        self._store = Gauge("paperroute_store_up", "Whether the store answered.", registry=registry)
        ProcessCollector(registry=registry)
        Info("paperroute_build", "The version.", registry=registry).info({"version": version})
        for outcome in ("good", "failed"):
            self._polls.labels(outcome)

    def polled(self, announced: int, seen: int, matched: int, late: int, *, failed: bool) -> None:
        """As ``Meter``."""
        self._announced.inc(announced)
        self._seen.inc(seen)
        self._matched.inc(matched)
        self._late.inc(late)
        self._polls.labels("failed" if failed else "good").inc()

    def posted(self, platform: str, lags: Sequence[float]) -> None:
        """As ``Meter``."""
        self._posted.labels(platform).inc()
        for lag in lags:
            self._lag.observe(lag)

    def retried(self, platform: str) -> None:
        """As ``Meter``."""
        self._retried.labels(platform).inc()

    def uncertain(self, platform: str) -> None:
        """As ``Meter``."""
        self._uncertain.labels(platform).inc()

    def dead(self, platform: str) -> None:
        """As ``Meter``."""
        self._dead.labels(platform).inc()

    def acknowledged(self, platform: str, seconds: float) -> None:
        """As ``Meter``."""
        self._ack.labels(platform).observe(max(0.0, seconds))

    def routes(self, backlog: Callable[[], Awaitable[Backlog]]) -> list[web.RouteDef]:
        """For the web server. ``backlog`` says how the store stands; it may raise PaperrouteError."""
        return [web.get(PATH, partial(self._serve, backlog))]

    async def _serve(self, backlog: Callable[[], Awaitable[Backlog]], request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            return web.Response(status=401, text="not allowed\n", headers={"WWW-Authenticate": "Bearer"})
        try:
            self._take(await asyncio.wait_for(backlog(), _SECONDS))
        except (PaperrouteError, TimeoutError) as error:
            logger.warning("The store did not answer for the metrics: %s", str(error) or type(error).__name__)
            self._store.set(0)
        page = await asyncio.to_thread(generate_latest, self.registry)
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _take(self, backlog: Backlog) -> None:
        self._store.set(1)
        self._owed.set(backlog.owed)
        for state in ("pending", "retry", "sending", "uncertain", "unknown"):
            self._posts.labels(state).set(getattr(backlog, state))
        self._paused.set(backlog.paused)
        self._missing.set(backlog.missing)
        self._last_poll.set(0 if backlog.last_poll is None else backlog.last_poll.timestamp())
