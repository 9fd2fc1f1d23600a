"""One message to one address, over a connection of its own.

The message's data is written first, and only then its end, a line with a dot alone: what has no end is no message (RFC
5321, section 3.3). Between the two ``begun`` is awaited, which writes down that the end follows. So a connection that
is lost before is known to have delivered nothing, also after a crash.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiosmtplib

from adapters.email.errors import Stage, mapped, refusal
from adapters.email.settings import EmailSettings

MOST_AT_ONCE = 4
"""Connections at a time; providers refuse more than a handful of one sender."""

_QUIT_SECONDS = 5.0
_LINE_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)


class Submission:
    """Hands messages over to the server of ``settings``. ``tls``: None where nothing is encrypted."""

    def __init__(self, settings: EmailSettings, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._tls = tls
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def submit(self, recipient: str, message: bytes, begun: Callable[[], Awaitable[None]]) -> None:
        """Deliver ``message``, whose lines end with CR LF. Raises DeliveryError, and whatever ``begun`` raises."""
        async with self._places, self.connected() as smtp:
            with mapped(Stage.SENDER):
                await smtp.mail(self._settings.sender)
            with mapped(Stage.RECIPIENT):
                await smtp.rcpt(recipient)
            with mapped(Stage.DATA):
                answer = await smtp.execute_command(b"DATA")
                if answer.code != aiosmtplib.SMTPStatus.start_input or smtp.protocol is None:
                    raise refusal(Stage.DATA, answer.code, answer.message)
                smtp.protocol.write(_LINE_WITH_DOT.sub(b"..", message))
            await begun()
            with mapped(Stage.DATA):
                if not smtp.is_connected:
                    raise aiosmtplib.SMTPServerDisconnected("lost before the end of the data")
            with mapped(Stage.END):
                answer = await smtp.execute_command(b".")
            if answer.code != aiosmtplib.SMTPStatus.completed:
                raise refusal(Stage.END, answer.code, answer.message)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection, encrypted and logged in as the settings say. Raises DeliveryError."""
        settings = self._settings
        smtp = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user or None,
            password=settings.password or None,
            # The name of this machine is nobody's business, and finding it out may take a while.
            local_hostname=settings.domain,
            timeout=settings.timeout,
            use_tls=settings.tls,
            start_tls=settings.starttls and not settings.tls,
            tls_context=self._tls,
        )
        try:
            with mapped(Stage.GREETING):
                await smtp.connect()
            yield smtp
            # What became of the message is known by now; a server that is slow to say goodbye changes nothing of it.
            try:
                await smtp.quit(timeout=_QUIT_SECONDS)
            except (aiosmtplib.SMTPException, OSError):
                return
        finally:
            smtp.close()


def tls_context(settings: EmailSettings) -> ssl.SSLContext | None:
    """What the server's certificate is checked against; reads the machine's list of authorities."""
    if not (settings.tls or settings.starttls):
        return None
    return ssl.create_default_context(cafile=settings.ca_file or None)
