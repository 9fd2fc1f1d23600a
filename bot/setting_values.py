"""What a setting's text may be: one function for each kind, raising ValueError for what it does not take.

The text of the error is shown to people where it is a sentence's end; it never repeats a secret.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.durations import parse_duration

ARXIV_API_URL = "https://export.arxiv.org/api/query"

_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class LogConfig:
    """`json` or text lines; ``level`` is None when the user did not ask for one."""

    json: bool = False
    level: int | None = None


def is_arxiv(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    return host == "arxiv.org" or host.endswith(".arxiv.org")


def path(text: str) -> Path:
    if "\0" in text:
        raise ValueError(text)
    return Path(text).expanduser()


def duration(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    def parse(text: str) -> timedelta:
        parsed = parse_duration(text)
        if not least <= parsed <= most:
            raise ValueError(text)
        return parsed

    return parse


def zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (KeyError, OSError) as error:  # an unknown name; a folder of the zone database such as "Europe"
        raise ValueError(text) from error


def contact(text: str) -> str:
    # It goes into an HTTP header: Latin-1 without line breaks.
    if len(text) > 200 or not text.isprintable() or not text.isascii():
        raise ValueError(text)
    return text


def delay(least: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        seconds = float(text)
        if not least <= seconds <= 300:  # also refuses nan
            raise ValueError(text)
        return seconds

    return parse


def query_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not text.isprintable() or " " in text:
        raise ValueError(f"must be a whole http or https address up to the question mark, for example {ARXIV_API_URL}")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError(f"has a port that is no number from 0 to 65535, unlike {ARXIV_API_URL}") from None
    return text.rstrip("?")


def base_url(text: str) -> str:
    """An address to which paths are joined; ends with a slash."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or not _plain(text):
        raise ValueError(text)
    _ = parts.port
    return text.rstrip("/") + "/"


def gateway_url(text: str) -> str:
    """The address of a gateway. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError(text)
    return text


def public_url(text: str) -> str:
    """The https address of a host, or http of this machine for trying out, without path and final slash."""
    base = base_url(text).rstrip("/")
    parts = urlsplit(base)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.path or "@" in parts.netloc or not (parts.scheme == "https" or here):
        raise ValueError(text)
    return base


def address(text: str) -> tuple[str, int]:
    """``127.0.0.1:8080`` or ``[::1]:8080`` as host and port."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not (colon and host and _plain(host) and port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise ValueError(text)
    if ":" in host and not text.startswith("["):
        raise ValueError(text)
    return host, int(port)


def fernet_keys(text: str) -> str:
    """One key or several, separated by commas: each 32 bytes in URL-safe base64."""
    keys = [key.strip() for key in text.split(",") if key.strip()]
    if not keys or not all(_is_fernet_key(key) for key in keys):
        raise ValueError("is no key: `paperroute setup slack` prints a fresh one")
    return ",".join(keys)


def _is_fernet_key(text: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(text)) == 32
    except ValueError:
        return False


def token_beginning(start: str, what: str) -> Callable[[str], str]:
    """A token that begins so; ``what`` names it for people."""

    def parse(text: str) -> str:
        if not token(text).startswith(start):
            raise ValueError(f"does not begin with {start}; it must be {what}")
        return text

    return parse


def _plain(text: str) -> bool:
    return text.isprintable() and text.isascii() and not any(character.isspace() for character in text)


def token(text: str) -> str:
    if not text.isprintable() or not text.isascii() or " " in text:
        raise ValueError("holds characters that no token has; copy it again from the platform's page")
    return text


def long_token(text: str) -> str:
    """A token that somebody made up."""
    if len(token(text)) < 16:
        raise ValueError("is too short: make one up of 16 characters or more, for example with `openssl rand -hex 16`")
    return text


def switch(text: str) -> bool:
    if text.lower() not in {"on", "off"}:
        raise ValueError(text)
    return text.lower() == "on"


def log(text: str) -> LogConfig:
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
