"""What a mail server's answers, and its silence, mean for a post.

| when | what | then |
|---|---|---|
| before anybody is named | no connection, no TLS, no login, no welcome | for now: it is the server's or our settings' |
| the sender | refused, with whatever code | for now: whoever runs the bot has to act, not the reader |
| the address, the beginning and the end of the data | refused with 5yz | for good |
| there | refused with 4yz, or 5.2.2 (the mailbox is full) | for now |
| before the end of the data | silence, a lost connection | for now: what has no end is not delivered |
| after it | silence, a lost connection, nonsense | nobody knows: ambiguous |

RFC 5321, sections 3.3, 3.8 and 4.2; the codes in three parts are those of RFC 3463. What servers say in words goes into
no message of ours, since it often repeats the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import aiosmtplib

from bot.errors import DeliveryError

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)")
_MAILBOX_FULL = "5.2.2"


class Stage(Enum):
    """How far a conversation has come; the value names what was refused."""

    GREETING = "the connection"
    LOGIN = "the login"
    SENDER = "the sender"
    RECIPIENT = "the address"
    DATA = "the message"
    END = "the message, all of it"

    @property
    def about_the_reader(self) -> bool:
        """Whether a refusal says something of this address or this message."""
        return self in (Stage.RECIPIENT, Stage.DATA, Stage.END)


@contextmanager
def mapped(stage: Stage) -> Iterator[None]:
    """Raise DeliveryError for whatever aiosmtplib, TLS and the system raise."""
    try:
        yield
    except aiosmtplib.SMTPAuthenticationError as error:
        raise refusal(Stage.LOGIN, error.code, error.message) from error
    except aiosmtplib.SMTPResponseException as error:
        raise refusal(stage, error.code, error.message) from error
    except (aiosmtplib.SMTPException, OSError, EOFError) as error:
        raise _silence(stage, error) from error


def refusal(stage: Stage, code: int, said: str) -> DeliveryError:
    """The error for an answer that is not the one that was hoped for."""
    if not 400 <= code < 600:
        return DeliveryError("The mail server answered nonsense.", ambiguous=stage is Stage.END)
    found = _ENHANCED.match(said)
    enhanced = found[0] if found else ""
    permanent = code >= 500 and stage.about_the_reader and enhanced != _MAILBOX_FULL
    what = Stage.DATA.value if stage is Stage.END else stage.value
    number = f"{code} {enhanced}".strip()
    return DeliveryError(
        f"The mail server refuses {what} {'for good' if permanent else 'for now'} ({number}).", permanent=permanent
    )


def _silence(stage: Stage, error: Exception) -> DeliveryError:
    if stage is Stage.END:
        return DeliveryError("The mail server did not say whether it took the message.", ambiguous=True)
    if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
        return DeliveryError("The mail server does not answer.")
    if isinstance(error, aiosmtplib.SMTPConnectError):
        return DeliveryError("The mail server cannot be reached, or its certificate is not to be trusted.")
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | ConnectionError):
        return DeliveryError("The mail server broke the connection off.")
    if isinstance(error, OSError):
        return DeliveryError("The mail server's certificate is not to be trusted, or the connection failed.")
    return DeliveryError("The mail server lacks what the settings ask for: STARTTLS, or a login.")
