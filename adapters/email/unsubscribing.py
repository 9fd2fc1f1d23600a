"""One click to unsubscribe (RFC 8058): links that name a subscription to us and say nothing to others.

A link holds the address, sealed with a key of this installation (Fernet: AES and an HMAC that is compared in constant
time), so that it cannot be made up, altered or read. A GET shows a page with a button, since mail filters open every
link there is; a POST ends the subscription, whoever sends it and however often. Afterwards the page says so.
"""

from __future__ import annotations

import json

from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken

from adapters.email import templates
from bot.conversation import ChannelChange, ChannelChangeKind
from bot.errors import StoreError
from bot.mailing import PLATFORM, MailStore
from bot.models import ChannelRef
from bot.ports import Handler

PATH = "/email/unsubscribe"

_NOTE = "email.link key"
_LONGEST = 1_500
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


class Links:
    """Makes links under ``public_url`` and reads them back. ``key`` is Fernet's."""

    def __init__(self, public_url: str, key: str) -> None:
        self._public_url = public_url
        self._fernet = Fernet(key)

    def url(self, channel: ChannelRef) -> str:
        """Where one click ends a subscription; empty where nothing is served."""
        if not self._public_url:
            return ""
        sealed = self._fernet.encrypt(json.dumps([channel.workspace, channel.channel]).encode())
        return f"{self._public_url}{PATH}/{sealed.decode('ascii')}"

    def channel(self, token: str) -> ChannelRef | None:
        """The address that a link is about; None for one that we did not make."""
        if len(token) > _LONGEST:
            return None
        try:
            workspace, address = json.loads(self._fernet.decrypt(token))
        except (InvalidToken, ValueError):
            return None
        return ChannelRef(PLATFORM, workspace, address)


async def link_key(store: MailStore) -> str:
    """The key of this installation, made at the first start. Raises StoreError."""
    if key := await store.note(_NOTE):
        return key
    await store.put_note(_NOTE, Fernet.generate_key().decode("ascii"))
    return await store.note(_NOTE) or ""


def routes(links: Links, handler: Handler, store: MailStore) -> list[web.RouteDef]:
    """What a web server serves for unsubscribing."""

    async def ask(request: web.Request) -> web.Response:
        channel = links.channel(request.match_info["token"])
        if channel is None:
            return _page(404, "This link is not valid", "Copy it whole from a mail, or type /papers email stop.")
        try:
            ended = await store.mail_subscription(channel) is None
        except StoreError:
            # Asking needs no store; what comes of the answer does.
            ended = False
        if ended:
            return _page(200, "Already unsubscribed", f"Nothing more of this comes to {channel.channel}.")
        return _page(200, "Unsubscribe", f"No more papers to {channel.channel}?", "Unsubscribe")

    async def end(request: web.Request) -> web.Response:
        channel = links.channel(request.match_info["token"])
        if channel is None:
            return await ask(request)
        await handler.channel_changed(ChannelChange(ChannelChangeKind.ENDED, channel))
        try:
            left = await store.mail_subscription(channel)
        except StoreError:
            left = None
            failed = True
        else:
            failed = left is not None
        if failed:
            return _page(503, "That did not work", "Please try again in a minute.", "Unsubscribe")
        return _page(200, "Unsubscribed", f"Nothing more of this comes to {channel.channel}.")

    path = f"{PATH}/{{token}}"
    return [web.get(path, ask), web.post(path, end)]


def _page(status: int, heading: str, text: str, button: str = "") -> web.Response:
    html = templates.page(heading, text, button)
    return web.Response(status=status, text=html, content_type="text/html", headers=_HEADERS)
