"""The prompt of a terminal: editing, history, completion, a line at the bottom.

This is the only module that imports prompt_toolkit, and it is imported only when there is a terminal: loading it takes
a quarter of a second. Tab completes the first word to a command, with the space after it, and `cat:` or `#` to a
category.
"""

from __future__ import annotations

import contextvars
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import CompleteStyle

KEPT = 1_000

_START = re.compile(r"\s*(?:/?papers\s+)?(?:help\s+)?(?P<word>/?[\w-]*)$", re.IGNORECASE)
_CATEGORY = re.compile(r"(?:^|[\s(|-])(?:cat:|category:|#)(?P<word>[\w.*-]*)$", re.IGNORECASE)


class Words(Completer):
    """Completes commands and categories."""

    def __init__(self, commands: Sequence[str], categories: Sequence[str]) -> None:
        self._commands = sorted({*commands, "quit"})
        self._categories = sorted(categories)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002 – the interface's
        before = document.text_before_cursor
        if match := _CATEGORY.search(before):
            yield from _starting(match["word"], self._categories)
        elif match := _START.fullmatch(before):
            yield from _starting(match["word"], self._commands, following="" if document.text_after_cursor else " ")


def _starting(word: str, words: Sequence[str], following: str = "") -> Iterator[Completion]:
    for each in words:
        if each.lower().startswith(word.lower()):
            yield Completion(each + following, start_position=-len(word), display=each)


class BoundedHistory(FileHistory):
    """What was typed before, in a private file of at most ``KEPT`` entries; a full disk costs the history only."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        path.touch(0o600)
        path.chmod(0o600)
        entries = list(self.load_history_strings())
        if len(entries) > KEPT:
            new = path.with_name(path.name + ".new")
            new.unlink(missing_ok=True)
            new.touch(0o600)
            self.filename = new
            for entry in reversed(entries[:KEPT]):
                super().store_string(entry)
            new.replace(path)
            self.filename = path

    def store_string(self, string: str) -> None:
        with suppress(OSError):
            super().store_string(string)


def _history(path: Path | None) -> History:
    try:
        return InMemoryHistory() if path is None else BoundedHistory(path)
    except OSError:
        return InMemoryHistory()


class Prompt:
    """One line after another from a person at a terminal. ``toolbar`` gives the line at the bottom."""

    def __init__(
        self, history: Path | None, commands: Sequence[str], categories: Sequence[str], toolbar: Callable[[], str]
    ) -> None:
        self._session: PromptSession[str] = PromptSession(
            "papers> ",
            history=_history(history),
            completer=Words(commands, categories),
            # Lists completions like a shell does; the menu would keep eight lines free below the prompt.
            complete_style=CompleteStyle.READLINE_LIKE,
            complete_while_typing=False,
            bottom_toolbar=toolbar,
        )
        # prompt_toolkit finds its application through a context variable; whoever writes above the prompt must be in
        # this context.
        self.context = contextvars.copy_context()

    async def line(self) -> str | None:
        """What was typed, empty after Ctrl-C; None at the end of the input (Ctrl-D, a closed terminal)."""
        try:
            # Signals and stray exceptions stay the program's own: prompt_toolkit would take over the loop's handlers.
            return await self._session.prompt_async(handle_sigint=False, set_exception_handler=False)
        except KeyboardInterrupt:
            return ""
        except (EOFError, OSError):
            # A terminal that was closed cannot be drawn to either.
            return None

    def above(self) -> AbstractAsyncContextManager[None]:
        """Inside it, writing to the terminal appears above the prompt."""
        return in_terminal()

    def guarded(self) -> AbstractContextManager[None]:
        """Inside it, what others print to standard output or error appears above the prompt as well."""
        return patch_stdout()

    def refresh(self) -> None:
        """Draw the toolbar anew; from any thread."""
        self._session.app.invalidate()
