"""A real mail server on loopback, aiosmtpd's, that keeps what it is given, and misbehaves on order."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

USER, PASSWORD = "papers", "open sesame/é%"


class Fault(Enum):
    """What can go wrong beside a refusal."""

    DROP_AT_DATA = auto()  # the connection is lost when the data begins
    DROP_IN_DATA = auto()  # the same after the server asked for the data
    HANG_AT_DATA = auto()
    DROP_AFTER_END = auto()  # the mail is kept, and the connection lost
    HANG_AFTER_END = auto()  # the mail is kept, and nothing said
    NONSENSE_AFTER_END = auto()  # the mail is kept, and what is said means nothing


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it was delivered: its envelope, and the bytes of it."""

    sender: str
    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed; to be read only."""
        return _parsed(self.content)

    def part(self, subtype: str) -> str:
        """The text of the plain or the html part."""
        body = self.message.get_body((subtype,))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


@lru_cache(maxsize=100)
def _parsed(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=SMTP_POLICY)
    assert isinstance(parsed, EmailMessage)
    return parsed


class MailServer:
    """``refusals``: what is answered instead, by command ("MAIL", "RCPT", "DATA") or address. ``faults`` are used up
    from the left, one a mail; None is a mail that goes well. ``changed`` is set whenever a mail has come,
    ``hanging`` once the server hangs before one. ``meanwhile`` is awaited when a mail has come in, and once more when
    it is kept and about to be answered: with its recipient, and whether it is kept. Where it raises
    ConnectionResetError the first time, the mail is not kept."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[Mail] = []
        self.refusals: dict[str, str] = {}
        self.faults: list[Fault | None] = []
        self.changed = asyncio.Event()
        self.logins: list[str] = []
        self.connections = 0
        self.most_connections = 0
        self.open: set[_Session] = set()
        self.left = asyncio.Event()
        self.hanging = asyncio.Event()
        self.meanwhile: Callable[[str, bool], Awaitable[None]] | None = None

    def fault(self) -> Fault | None:
        return self.faults[0] if self.faults else None

    async def until(self, mails: int) -> list[Mail]:
        """Wait until so many have come."""
        while len(self.mails) < mails:
            self.changed.clear()
            await self.changed.wait()
        return self.mails

    # aiosmtpd looks its hooks up by these names.

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.refusals.get("MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.refusals.get(address) or self.refusals.get("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if answer := self.refusals.get("DATA"):
            return answer
        fault = self.faults.pop(0) if self.faults else None
        assert isinstance(envelope.original_content, bytes)
        if self.meanwhile is not None:
            try:
                await self.meanwhile(envelope.rcpt_tos[0], False)
            except ConnectionResetError:
                assert isinstance(server, _Session)
                server.drop()
                return "421 gone"
        self.mails.append(Mail(str(envelope.mail_from), envelope.rcpt_tos[0], envelope.original_content))
        self.changed.set()
        if self.meanwhile is not None:
            await self.meanwhile(envelope.rcpt_tos[0], True)
        if fault is Fault.HANG_AFTER_END:
            await asyncio.Event().wait()
        if fault is Fault.DROP_AFTER_END:
            assert isinstance(server, _Session)
            server.drop()
        return "xyz what?" if fault is Fault.NONSENSE_AFTER_END else "250 2.0.0 Queued"


class _Session(SMTP):
    """A conversation."""

    def __init__(self, server: MailServer, **options: Any) -> None:
        super().__init__(server, enable_SMTPUTF8=False, hostname="mail.lab.example", ident="stand-in", **options)
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self not in self._server.open:
            self._server.open.add(self)
            self._server.connections += 1
            self._server.most_connections = max(self._server.most_connections, len(self._server.open))

    def connection_lost(self, error: Exception | None) -> None:
        self._server.open.discard(self)
        self._server.left.set()
        super().connection_lost(error)

    def drop(self) -> None:
        assert isinstance(self.transport, asyncio.WriteTransport)
        self.transport.abort()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        fault = self._server.fault()
        if fault is Fault.HANG_AT_DATA:
            self._server.faults.pop(0)
            self._server.hanging.set()
            await asyncio.Event().wait()
        if fault in (Fault.DROP_AT_DATA, Fault.DROP_IN_DATA):
            self._server.faults.pop(0)
            if fault is Fault.DROP_IN_DATA:
                await self.push("354 Go on")
            self.drop()
            return
        await super().smtp_DATA(arg)


@asynccontextmanager
async def mail_server(tls: ssl.SSLContext | None = None, *, login: bool = False) -> AsyncIterator[MailServer]:
    """A server, with STARTTLS where there is a context, then without anything said before it."""
    server = MailServer()

    def authenticator(_: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        server.logins.append(data.login.decode())
        success = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=success, handled=False)

    def conversation() -> _Session:
        return _Session(
            server,
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=login,
            auth_require_tls=tls is not None,
            authenticator=authenticator if login else None,
        )

    listening = await asyncio.get_running_loop().create_server(conversation, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for session in list(server.open):
            session.drop()
        while server.open:
            server.left.clear()
            await server.left.wait()
        await listening.wait_closed()
