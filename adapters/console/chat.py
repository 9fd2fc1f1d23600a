"""The console: one channel in a terminal, or on a pipe, as a chat platform.

On a terminal there is a prompt, and posts appear above it as they are delivered. Elsewhere commands come one a line and
replies and posts go out as plain text. There is one channel and one member, the person who started the program.

Exactly once, as far as a terminal allows: a post's key is its message id, and ``Transcript`` remembers the keys of
the posts that were shown; its docstring names the window in which a killed process shows a post again. Sending a post
that was shown before shows nothing. A post that nobody could see (a closed terminal, `| head`) counts as not sent.

Whatever is printed is printed whole: replies and posts take turns, and a caller that is cancelled meanwhile does not
tear what is being written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from adapters.console.files import as_text, keep
from adapters.console.lines import Lines, decoded
from adapters.console.render import Line, bottom_line, paint, post_lines, reply_lines
from adapters.console.screen import Screen
from adapters.console.transcript import Transcript
from adapters.console.typed import QUIT, attachment, checked, command_text, commands_in, mentions
from adapters.console.waiting import outcome, unless_set
from bot.conversation import Command, FileWay, Reply
from bot.errors import CommandError, ConfigError, DeliveryError, UnreadableError
from bot.models import ChannelRef, MemberRef, MessageRef, Post, PostLimits, Progress

if TYPE_CHECKING:
    from adapters.console.prompt import Prompt
    from bot.ports import Clock, Handler

CHANNEL = ChannelRef("console", "local", "terminal")
NAME = "terminal"

T = TypeVar("T")

logger = logging.getLogger(__name__)


class ConsoleChat:
    """``bot.ports.Chat`` for the terminal.

    ``output``: where to write. ``stdin``: the file descriptor to read commands from when not ``interactive``; an
    interactive console reads the terminal that standard input is. ``transcript`` and ``history`` are private files,
    best kept beside the database. ``member``: the person's name. ``columns`` gives the width to fit (None: do not
    wrap), the output's own unless given. ``commands`` and ``categories`` are offered for completion. ``folder``
    receives files that a reply brings. ``grace``: the seconds that ``close`` waits for a reader that stopped reading.
    """

    platform = "console"
    limits = PostLimits(papers=25, characters=20_000, overhead=60, settle=0.0, threads=False)

    def __init__(
        self,
        *,
        output: TextIO,
        stdin: int,
        transcript: Path,
        clock: Clock,
        member: str,
        interactive: bool,
        history: Path | None = None,
        commands: Sequence[str] = (),
        categories: Sequence[str] = (),
        colour: bool = False,
        columns: Callable[[], int | None] | None = None,
        folder: Path = Path(),
        grace: float = 1.0,
    ) -> None:
        self._screen = Screen(output)
        self._lines = Lines(stdin)
        self._transcript = Transcript(transcript)
        self._clock = clock
        self._member = MemberRef(CHANNEL.platform, CHANNEL.workspace, member or "you", member or "you")
        self._interactive = interactive
        self._history = history
        self._words = (tuple(commands), tuple(categories))
        self._colour = colour
        self._columns = columns or (lambda: self._screen.columns)
        self._folder = folder
        self._grace = grace
        self._handler: Handler | None = None
        self._prompt: Prompt | None = None
        self._progress: Progress | None = None
        self._turn = asyncio.Lock()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._showing: dict[str, asyncio.Task[MessageRef]] = {}
        self._closed = asyncio.Event()

    @property
    def gone(self) -> bool:
        """Whether nothing can be shown any more: the terminal was closed, or the pipe's reader left."""
        return self._screen.gone.is_set()

    async def start(self, handler: Handler) -> None:
        """Take ``handler`` and open the transcript. Raises ConfigError when that file cannot be used."""
        self._handler = handler
        try:
            await asyncio.to_thread(self._transcript.open)
        except OSError as error:
            mistake = (
                f"The console keeps what it has shown in {self._transcript.path}, which cannot be written "
                f"({error.strerror}): make it writable, or keep the database in another folder, "
                "for example PAPERROUTE_DATABASE=~/paperroute.db."
            )
            raise ConfigError([mistake]) from error

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """Show the post, unless it was shown before. Raises DeliveryError, never an ambiguous one."""
        if channel != CHANNEL:
            raise DeliveryError(
                f"The console has no channel {channel.workspace}/{channel.channel}.",
                permanent=True,
                remedy="Use the channel of the platform it was made on.",
            )
        if self._closed.is_set():
            raise DeliveryError("The console is closed; the post waits for its next start.")
        showing = self._showing.get(post.key)
        if showing is None:
            showing = self._begin(self._show(post))
            self._showing[post.key] = showing
            showing.add_done_callback(lambda _: self._showing.pop(post.key, None))
        return await outcome(showing)

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """Whether the post was shown, by its key. Raises UnreadableError: the transcript cannot be read, or the
        terminal is still taking the post."""
        if post.key in self._showing:
            raise UnreadableError("The terminal has not taken the post yet.")
        if channel != CHANNEL or not await self._shown(post):
            return None
        return MessageRef(CHANNEL, post.key)

    async def close(self) -> None:
        """Let what is being written end (within the grace), then end ``converse``; again changes nothing."""
        self._closed.set()
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=self._grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def show_progress(self, progress: Progress | None) -> None:
        """Say how far a back-fill has come, in the prompt's bottom line; from any thread. None or complete: done.

        Without a prompt nothing is shown: a pipe gets replies and posts only.
        """
        self._progress = progress if progress is not None and progress.done < progress.total else None
        if self._prompt is not None:
            self._prompt.refresh()

    async def converse(self, settle: Callable[[], Awaitable[object]] | None = None) -> None:
        """Carry out commands in order until the input ends, `quit`, the output is gone or ``close()``.

        ``settle`` is awaited before each command: it lets what the commands before it brought about be posted.
        """
        async with AsyncExitStack() as stack:
            if self._interactive:
                # Loading prompt_toolkit takes a quarter of a second, which a pipe need not wait for.
                make_prompt = await asyncio.to_thread(_load_prompt)
                self._prompt = make_prompt(self._history, *self._words, lambda: bottom_line(self._progress))
                stack.enter_context(self._prompt.guarded())
            while (typed := await unless_set(self._typed(), self._closed, self._screen.gone)) is not None:
                for line in typed:
                    if settle is not None:
                        await settle()
                    if not await self._obey(line):
                        return

    async def _typed(self) -> list[str] | None:
        """The next commands; None at the end of the input."""
        if self._prompt is not None:
            async with self._turn:
                # What is being written without the prompt must end before it is drawn.
                pass
            typed = await self._prompt.line()
            return None if typed is None else commands_in(typed)
        line = await self._lines.next()
        if line is None:
            return None
        try:
            return [decoded(line)]
        except CommandError as error:
            await self._say(_refusal(error))
            return []

    async def _obey(self, line: str) -> bool:
        """Carry out one line and say the reply; False when it ends the conversation."""
        text = command_text(line)
        if text is None:
            return True
        if text.lower() in QUIT:
            return False
        try:
            text = checked(text)
            given = await asyncio.to_thread(attachment, text)
        except CommandError as error:
            await self._say(_refusal(error))
            return True
        if self._handler is None:
            raise RuntimeError("start() comes before converse()")
        reply = await self._handler.command(
            Command(
                channel=CHANNEL,
                member=self._member,
                text=text if given is None else given[0],
                channel_name=NAME,
                files=() if given is None else (given[1],),
                mentions=mentions(text, self._member),
                # Whoever sits at the terminal runs the program.
                administers=True,
                pictures=False,
                file_way=FileWay.NAMED,
            )
        )
        await self._say(reply)
        return True

    async def _say(self, reply: Reply) -> None:
        # Without an output the conversation ends quietly, as that of any filter does.
        with suppress(DeliveryError):
            await outcome(self._begin(self._answer(reply)))

    async def _answer(self, reply: Reply) -> None:
        lines = await asyncio.to_thread(reply_lines, reply, self._columns())
        printed = ""
        for file in reply.files:
            text = None if self._interactive else as_text(file)
            if text is None:
                lines.append(Line(await asyncio.to_thread(keep, file, self._folder)))
            else:
                printed += f"{text}\n"
        await self._print(paint(lines, colour=self._colour) + printed)

    async def _show(self, post: Post) -> MessageRef:
        message = MessageRef(CHANNEL, post.key)
        if await self._shown(post):
            return message
        lines = await asyncio.to_thread(post_lines, post, self._columns())
        await self._print(paint(lines, colour=self._colour), then=partial(self._note, post.key))
        await asyncio.to_thread(self._keep)
        return message

    def _note(self, key: str) -> None:
        with self._complaining():
            self._transcript.note(key, self._clock.now())

    def _keep(self) -> None:
        with self._complaining():
            self._transcript.keep()

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # It was shown, and the store is about to be told so; only a crash before that would show it again.
            logger.warning("The console's transcript %s cannot be written: %s.", self._transcript.path, error.strerror)

    async def _shown(self, post: Post) -> bool:
        try:
            return await asyncio.to_thread(self._transcript.shown, post.key)
        except OSError as error:
            raise UnreadableError(
                f"The console's transcript {self._transcript.path} cannot be read ({error.strerror}).",
                remedy="Make it readable; the post then goes on.",
            ) from error

    async def _print(self, text: str, then: Callable[[], None] | None = None) -> None:
        """Write a block, above the prompt where there is one; see ``Screen.write`` about ``then``.

        Raises DeliveryError when the output is gone.
        """
        async with self._turn:
            try:
                async with AsyncExitStack() as stack:
                    if self._prompt is not None:
                        await stack.enter_async_context(self._prompt.above())
                    await self._screen.write(text, then)
            except OSError as error:
                self._screen.lose(error)
                raise DeliveryError(
                    f"The console's output takes nothing more ({self._screen.reason}).",
                    remedy="Start paperroute again; what waits is shown then.",
                ) from error

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that ``close`` waits for, whoever else stops waiting."""
        context = None if self._prompt is None else self._prompt.context
        task = asyncio.get_running_loop().create_task(work, context=context)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Whoever waited has been told; without anybody waiting asyncio would complain.
            task.exception()


def _load_prompt() -> type[Prompt]:
    from adapters.console.prompt import Prompt  # noqa: PLC0415 – see converse()

    return Prompt


def _refusal(error: CommandError) -> Reply:
    return Reply(f"{error.message} {error.hint}".strip(), error=True)
