"""A server that answers with the very bytes it was given, also with none and with nonsense."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

HANG = b"hang"
RESET = b""


def http(body: str = "", *, status: int = 200, media: str = "application/json", headers: str = "") -> bytes:
    """A whole answer in HTTP; ``headers`` are further lines that end with a line break."""
    content = body.encode()
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {media}\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    return head.replace("\r\n", "\n").replace("\n", "\r\n").encode() + content


class CannedServer:
    """``answers`` are used up from the left, one a request, the last one for ever. ``requests``: heads and bodies.
    ``connections`` counts those that were opened.

    HANG: nothing is answered. RESET: the connection ends without an answer.
    """

    def __init__(self, *answers: bytes) -> None:
        self.answers = deque(answers)
        self.requests: list[str] = []
        self.connections = 0
        self.asked = asyncio.Event()
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    async def __aenter__(self) -> CannedServer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await _head(reader):
                length = next((line for line in head.lower().split("\r\n") if line.startswith("content-length:")), ":0")
                body = await reader.readexactly(int(length.partition(":")[2]))
                self.requests.append(head + body.decode())
                self.asked.set()
                answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
                if answer == HANG:
                    await asyncio.Event().wait()
                if answer == RESET:
                    break
                writer.write(answer)
                await writer.drain()
        finally:
            writer.close()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return ""
