"""How Discord's stand-in answers over HTTP, and how an answer goes wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass
class Fault:
    """Happens to the next ``times`` requests whose "METHOD /path" contains ``route``.

    ``stored``: it was done all the same. ``status`` 0: the connection is closed; -1: no answer comes; -2: the
    connection is reset. ``banned``: a 429 is not the API's own, but of what stands before it.
    """

    route: str
    status: int
    times: int = 1
    stored: bool = False
    code: int = 0
    message: str = "trouble"
    retry_after: float = 1.0
    banned: bool = False


def too_many(wait: float, headers: dict[str, str] | None = None, *, overall: bool = False) -> web.Response:
    """A 429: ``wait`` seconds, and whether all of the API is meant."""
    body = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": overall}
    told = {"Via": "1.1 google", "Retry-After": str(int(wait) + 1)} | (headers or {})
    if overall:
        told["X-RateLimit-Global"] = "true"
    return as_json(body, told, 429)


def as_json(value: Any, headers: dict[str, str], status: int = 200) -> web.Response:
    """An answer with a body."""
    # The client takes nothing for JSON whose content type says more than that.
    return web.Response(
        body=json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json", **headers}
    )


async def read(request: web.Request) -> tuple[Any, dict[str, bytes]]:
    """The JSON of a request, and the files that came with it."""
    if request.content_type == "application/json":
        return await request.json(), {}
    if request.content_type != "multipart/form-data":
        return {}, {}
    body: Any = {}
    files: dict[str, bytes] = {}
    async for part in await request.multipart():
        name, content = part.name, bytes(await part.read())  # type: ignore[union-attr]
        if name == "payload_json":
            body = json.loads(content)
        else:
            files[part.filename or name or "file"] = content  # type: ignore[union-attr]
    return body, files
