"""`paperroute doctor` for e-mail: whether the server can be reached, is who it says, and lets us in. Sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from adapters.email.settings import EmailSettings
from adapters.email.submission import Submission, tls_context
from bot.diagnosis import Finding
from bot.errors import DeliveryError


async def examine(settings: EmailSettings) -> AsyncIterator[Finding]:
    """A finding for the server, and one for unsubscribing."""
    server = f"{settings.host}:{settings.port}"
    submission = Submission(settings, await asyncio.to_thread(tls_context, settings))
    try:
        async with submission.connected():
            encrypted = "encrypted" if settings.tls or settings.starttls else "not encrypted"
            login = "logged in" if settings.user else "without a login"
            yield Finding(
                "SMTP_URL", f"{server} takes our connection, {encrypted}, {login}; mail is from {settings.sender}"
            )
    except DeliveryError as error:
        yield Finding("SMTP_URL", f"{server}: {error.message}", "Check address, port, user and password of SMTP_URL.")
    if settings.public_url:
        yield Finding("Unsubscribing", f"one click in a mail does it, at {settings.public_url}")
    else:
        said = "mails name the command and the sender's address; with PAPERROUTE_PUBLIC_URL and PAPERROUTE_WEB set,"
        yield Finding("Unsubscribing", f"{said} one click does it")
