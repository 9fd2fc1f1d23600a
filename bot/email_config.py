"""The settings of e-mail: the server that takes our mail, and who it is from.

``smtps://`` speaks TLS from the first byte; ``smtp://`` asks for it with STARTTLS and sends nothing without. To this
machine itself plain SMTP is spoken. ``?starttls=always`` and ``?starttls=never`` say otherwise; a password never goes
over a network in the clear.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bot.mail_address import parse_sender
from bot.setting_reader import Secret, SettingReader

_EXAMPLE = "smtp://user:password@mail.lab.example:587"
_PORTS = {"smtp": 587, "smtps": 465}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Security(StrEnum):
    """How a connection is kept from prying."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class EmailConfig:
    """The settings of e-mail, checked. ``user`` and ``password``: None where the server wants no login."""

    host: str
    port: int
    security: Security
    sender: str
    sender_name: str = ""
    user: str = ""
    password: Secret | None = None
    url: Secret | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not appear in any output: the password as it is and as it is written."""
        if self.password is None or self.url is None:
            return ()
        return (self.password.value, urlsplit(self.url.value).password or "")


def read(reader: SettingReader) -> EmailConfig | None:
    """The settings of e-mail, None when none is set; what is missing is noted as a mistake."""
    url = reader.secret("SMTP_URL", smtp_url)
    sender = reader.value(
        "PAPERROUTE_EMAIL_FROM",
        parse_sender,
        None,
        "an address, for example papers@lab.example or Papers <papers@lab.example>",
    )
    given = {name: reader.given(name) for name in ("SMTP_URL", "PAPERROUTE_EMAIL_FROM")}
    if any(given.values()) and not all(given.values()):
        lacking = next(name for name, there in given.items() if not there)
        reader.mistakes.append(f"{lacking} must be set as well for e-mail.")
    if url is None or sender is None:
        return None
    parts = urlsplit(url.value)
    name, address = sender
    return EmailConfig(
        host=parts.hostname or "",
        port=parts.port or _PORTS[parts.scheme],
        security=_security(parts),
        sender=address,
        sender_name=name,
        user=unquote(parts.username or ""),
        password=Secret(unquote(parts.password)) if parts.password is not None else None,
        url=url,
    )


def smtp_url(text: str) -> str:
    """The address of a mail server. Raises ValueError, which ends a sentence and repeats nothing of it."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"has a host or port that cannot be read, unlike {_EXAMPLE}") from None
    plain = text.isprintable() and text.isascii() and " " not in text
    for wrong, reason in _MISTAKES:
        if not plain or wrong(parts) or port == 0:
            raise ValueError(reason)
    return text


def _odd(parts: SplitResult) -> bool:
    return parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or bool(parts.fragment)


def _unknown_option(parts: SplitResult) -> bool:
    asked = parse_qs(parts.query, keep_blank_values=True)
    known = asked in ({}, {"starttls": ["always"]}, {"starttls": ["never"]})
    return not known or (parts.scheme == "smtps" and bool(asked))


def _half_a_login(parts: SplitResult) -> bool:
    return bool(parts.username) != bool(parts.password) or any(
        not unquote(part or "").isprintable() for part in (parts.username, parts.password)
    )


def _in_the_clear(parts: SplitResult) -> bool:
    return bool(parts.password) and _security(parts) is Security.NONE and parts.hostname not in _LOOPBACK


_MISTAKES: tuple[tuple[Callable[[SplitResult], bool], str], ...] = (
    (_odd, f"must be the address of a mail server, for example {_EXAMPLE} or smtps://user:password@mail.lab.example"),
    (_unknown_option, "may end with ?starttls=always or ?starttls=never after smtp://…, and nothing else"),
    (_half_a_login, f"must have both a user and a password, or neither, for example {_EXAMPLE}"),
    (_in_the_clear, "would send its password in the clear: leave out ?starttls=never, or the password"),
)


def _security(parts: SplitResult) -> Security:
    if parts.scheme == "smtps":
        return Security.TLS
    asked = parse_qs(parts.query).get("starttls")
    if asked == ["never"] or (asked is None and parts.hostname in _LOOPBACK):
        return Security.NONE
    return Security.STARTTLS
