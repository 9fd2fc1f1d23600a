"""Every setting of paperroute, read once from the environment and `.env`.

A setting in the environment wins over the same one in `.env`. A secret NAME may be given as NAME_FILE, the path of a
file that holds it (Docker and Kubernetes secrets). All mistakes are reported at once, each naming its setting with an
example; no message repeats a secret's value.
"""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from bot.durations import parse_duration
from bot.errors import ConfigError

T = TypeVar("T")

ARXIV_API_URL = "https://export.arxiv.org/api/query"
ARXIV_DELAY = 3.0
"""Seconds between two requests that arXiv's terms of use ask for."""

PLATFORM_TOKENS = (("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"), ("DISCORD_TOKEN",))
"""The settings that hold a platform's tokens, a platform each."""

_PREFIX = "PAPERROUTE_"
_SECRETS = ("ARXIV_API_URL", *(name for names in PLATFORM_TOKENS for name in names))
_SETTINGS = (
    "PAPERROUTE_DATABASE",
    "PAPERROUTE_POLL_INTERVAL",
    "PAPERROUTE_BACKFILL",
    "PAPERROUTE_KEEP",
    "PAPERROUTE_TIMEZONE",
    "PAPERROUTE_CONTACT",
    "PAPERROUTE_ARXIV_DELAY",
    "PAPERROUTE_LOG",
)
_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never shows itself: not in repr, not in str, not in a traceback's locals."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        return "(hidden)"


@dataclass(frozen=True, slots=True)
class LogConfig:
    """`json` or text lines; ``level`` is None when the user did not ask for one."""

    json: bool = False
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The settings, checked. ``arxiv_api_url`` is a secret because a mirror's address may carry a password."""

    database: Path = Path("paperroute.db")
    poll_interval: timedelta = timedelta(hours=1)
    backfill: timedelta = timedelta(days=7)
    keep: timedelta = timedelta(days=400)
    timezone: str = "UTC"
    contact: str = ""
    arxiv_delay: float = ARXIV_DELAY
    arxiv_api_url: Secret = Secret(ARXIV_API_URL)
    log: LogConfig = LogConfig()
    tokens: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not appear in any output."""
        address = urlsplit(self.arxiv_api_url.value)
        hidden = [token.value for token in self.tokens.values()]
        hidden += [part for part in (address.password, address.query) if part]
        return tuple(hidden)

    @property
    def arxiv_api_shown(self) -> str:
        """The address of the arXiv API without user, password and query."""
        parts = urlsplit(self.arxiv_api_url.value)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))

    @classmethod
    def from_env(cls, environ: Mapping[str, str], dotenv: Path | None = None) -> Config:
        """The settings of ``environ`` over those of the file ``dotenv``, which need not exist. Raises ConfigError."""
        defaults = cls()
        reader = _Reader(environ, dotenv)
        url = reader.secret("ARXIV_API_URL", _url) or Secret(ARXIV_API_URL)
        is_arxiv = _is_arxiv(url.value)
        config = cls(
            database=reader.value(
                "PAPERROUTE_DATABASE", _path, defaults.database, "a file's path, for example paperroute.db"
            ),
            poll_interval=reader.value(
                "PAPERROUTE_POLL_INTERVAL",
                _duration(timedelta(minutes=5) if is_arxiv else timedelta(seconds=1), timedelta(days=1)),
                defaults.poll_interval,
                f"a time from {'5m' if is_arxiv else '1s'} to 1d, for example 1h",
            ),
            backfill=reader.value(
                "PAPERROUTE_BACKFILL",
                _duration(timedelta(), timedelta(days=60)),
                defaults.backfill,
                "a time from 0 to 60d, for example 7d",
            ),
            keep=reader.value(
                "PAPERROUTE_KEEP",
                _duration(timedelta(days=31), timedelta(days=36_500)),
                defaults.keep,
                "a time of at least 31d, for example 400d",
            ),
            timezone=reader.value(
                "PAPERROUTE_TIMEZONE", _zone, defaults.timezone, "a time zone's name, for example Europe/Berlin"
            ),
            contact=reader.value(
                "PAPERROUTE_CONTACT",
                _contact,
                defaults.contact,
                "an address arXiv may write to, for example ann@lab.org",
            ),
            arxiv_delay=reader.value(
                "PAPERROUTE_ARXIV_DELAY",
                _delay(ARXIV_DELAY if is_arxiv else 0.0),
                defaults.arxiv_delay,
                "seconds between requests: 3 to 300, for example 3 (less only with ARXIV_API_URL set to a host"
                " that is not arXiv's)",
            ),
            arxiv_api_url=url,
            log=reader.value("PAPERROUTE_LOG", _log, defaults.log, "text or json and a level, for example json,info"),
            tokens={
                name: token
                for names in PLATFORM_TOKENS
                for name in names
                if (token := reader.secret(name, _token)) is not None
            },
        )
        reader.finish()
        return config


class _Reader:
    """Reads settings one by one and keeps the mistakes for the end."""

    def __init__(self, environ: Mapping[str, str], dotenv: Path | None) -> None:
        self.mistakes: list[str] = []
        self._values = self._read_dotenv(dotenv) | dict(environ)

    def _read_dotenv(self, dotenv: Path | None) -> dict[str, str]:
        from dotenv.parser import parse_stream  # noqa: PLC0415 (costs a tenth of the start-up time)

        if dotenv is None:
            return {}
        values: dict[str, str] = {}
        try:
            with dotenv.open(encoding="utf-8") as stream:
                for binding in parse_stream(stream):
                    if binding.error or (binding.key is not None and binding.value is None):
                        self.mistakes.append(
                            f"{dotenv.name}, line {binding.original.line}, cannot be read:"
                            " write NAME=value, for example PAPERROUTE_BACKFILL=7d."
                        )
                    elif binding.key is not None and binding.value is not None:
                        values[binding.key] = binding.value
        except FileNotFoundError:
            return {}
        except UnicodeDecodeError:
            self.mistakes.append(f"{dotenv.name} is not a text file in UTF-8: save it as UTF-8.")
        except OSError as error:
            self.mistakes.append(f"{dotenv.name} cannot be read ({os.strerror(error.errno or 0)}).")
        return values

    def value(self, name: str, parse: Callable[[str], T], default: T, expected: str) -> T:
        """The parsed setting, ``default`` when unset or empty; a mistake is noted when ``parse`` raises ValueError."""
        text = self._values.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError:
            self.mistakes.append(f"{name} is {_shown(text)}; it must be {expected}.")
            return default

    def secret(self, name: str, parse: Callable[[str], str]) -> Secret | None:
        """The secret ``name``, from NAME or from the file that NAME_FILE names; None when neither is set."""
        text = self._values.get(name, "").strip()
        path = self._values.get(f"{name}_FILE", "").strip()
        if text and path:
            self.mistakes.append(f"{name} and {name}_FILE are both set; keep one of them.")
            return None
        if path:
            try:
                text = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, ValueError):
                self.mistakes.append(f"{name}_FILE names {_shown(path)}, which cannot be read as a text file.")
                return None
            if not text:
                self.mistakes.append(f"{name}_FILE names {_shown(path)}, which is empty.")
        if not text:
            return None
        try:
            return Secret(parse(text))
        except ValueError as error:
            self.mistakes.append(f"{name} {error}.")
            return None

    def finish(self) -> None:
        """Raise ConfigError with all mistakes, misspelt names included."""
        known = {name.removeprefix(_PREFIX) for name in _SETTINGS if name.startswith(_PREFIX)}
        for name in sorted(self._values):
            own = name.removeprefix(_PREFIX)
            if name.startswith(_PREFIX) and own not in known:
                near = difflib.get_close_matches(own, known, n=1, cutoff=0.75)
                if near:
                    self.mistakes.append(f"{name} is not a setting; did you mean {_PREFIX}{near[0]}?")
        if self.mistakes:
            raise ConfigError(self.mistakes)


def _shown(text: str) -> str:
    """A setting's text for a message: printable and short."""
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'


def _is_arxiv(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    return host == "arxiv.org" or host.endswith(".arxiv.org")


def _path(text: str) -> Path:
    if "\0" in text:
        raise ValueError(text)
    return Path(text).expanduser()


def _duration(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    def parse(text: str) -> timedelta:
        duration = parse_duration(text)
        if not least <= duration <= most:
            raise ValueError(text)
        return duration

    return parse


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (KeyError, OSError) as error:  # an unknown name; a folder of the zone database such as "Europe"
        raise ValueError(text) from error


def _contact(text: str) -> str:
    # It goes into an HTTP header: Latin-1 without line breaks.
    if len(text) > 200 or not text.isprintable() or not text.isascii():
        raise ValueError(text)
    return text


def _delay(least: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        seconds = float(text)
        if not least <= seconds <= 300:  # also refuses nan
            raise ValueError(text)
        return seconds

    return parse


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not text.isprintable() or " " in text:
        raise ValueError(f"must be a whole http or https address up to the question mark, for example {ARXIV_API_URL}")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError(f"has a port that is no number from 0 to 65535, unlike {ARXIV_API_URL}") from None
    return text.rstrip("?")


def _token(text: str) -> str:
    if not text.isprintable() or not text.isascii() or " " in text:
        raise ValueError("holds characters that no token has; copy it again from the platform's page")
    return text


def _log(text: str) -> LogConfig:
    json = False
    level: int | None = None
    for word in text.lower().replace(",", " ").split():
        if word in {"text", "json"}:
            json = word == "json"
        elif word in _LOG_LEVELS:
            level = getattr(logging, word.upper())
        else:
            raise ValueError(text)
    return LogConfig(json, level)
