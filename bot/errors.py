"""The errors of paperroute: what went wrong as data, and whether asking again can help.

    PaperrouteError                    .permanent: trying the same thing again is pointless
    ├── ConfigError                    settings; carries every mistake found, not the first
    ├── QueryError                     a query that cannot be read: .text, .position, .hint
    ├── CommandError                   a command that cannot be carried out: .hint
    ├── SourceError                    the paper source did not give a usable answer: .retry_after
    ├── DeliveryError                  a post was not (or perhaps not) taken: .ambiguous, .retry_after
    │   └── UnreadableError            the channel's history cannot be read, so nothing can be looked up
    │       └── NoHistoryError         and never will be
    ├── WorkerError                    work in a process of its own was not done
    └── StoreError                     the store cannot do its work: .path, .hint
        ├── StoreBusyError             another process holds the store
        └── StoreNewerError            the file was written by a later version

The text of each is one sentence a person can act on. It never holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence


class PaperrouteError(Exception):
    """Base of all errors raised on purpose.

    ``permanent`` says that the same call will fail again until a person changes something.
    """

    permanent: bool = True


class ConfigError(PaperrouteError):
    """Settings that cannot be used; ``mistakes`` has one sentence for each, naming the setting and an example."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class QueryError(PaperrouteError):
    """A query that cannot be understood.

    ``text`` is the query as typed, ``position`` the 0-based index in it where the trouble starts,
    ``hint`` a corrected example or the remedy, a whole sentence.
    """

    def __init__(self, message: str, *, text: str, position: int, hint: str) -> None:
        self.message = message
        self.text = text
        self.position = position
        self.hint = hint
        super().__init__(message)


class CommandError(PaperrouteError):
    """A command that cannot be carried out; ``hint`` says what to type instead (may be empty)."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


class SourceError(PaperrouteError):
    """The paper source failed; ``retry_after`` is in seconds where the source named one."""

    def __init__(self, message: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        self.permanent = permanent
        self.retry_after = retry_after
        super().__init__(message)


class DeliveryError(PaperrouteError):
    """A platform did not confirm a post.

    ``permanent``: the channel will not take it until a person acts; ``remedy`` says what to do.
    ``ambiguous``: the platform may have stored the post, so it must be looked up before it is sent again.
    ``retry_after``: seconds to wait, where the platform named them; ``workspace_wide`` when that wait holds for
    every channel of the workspace. ``ends_channel``: the channel is gone for good. ``thread_gone``: the message
    in whose thread it belongs is, and the post with it.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: float | None = None,
        workspace_wide: bool = False,
        ends_channel: bool = False,
        thread_gone: bool = False,
        remedy: str = "",
    ) -> None:
        self.message = message
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.workspace_wide = workspace_wide
        self.ends_channel = ends_channel
        self.thread_gone = thread_gone
        self.remedy = remedy
        super().__init__(message)


class UnreadableError(DeliveryError):
    """Raised by ``Chat.find`` when the history cannot be read: the post stays uncertain and is not sent again."""


class NoHistoryError(UnreadableError):
    """There is nothing to read and never will be: the post stays uncertain, and its channel goes on without it."""


class WorkerError(PaperrouteError):
    """Work in a process of its own failed or took too long; it may succeed another time."""

    permanent = False


class StoreError(PaperrouteError):
    """The store cannot be used; ``path`` names it, ``hint`` the remedy."""

    def __init__(self, message: str, *, path: str, hint: str = "", permanent: bool = True) -> None:
        self.message = message
        self.path = path
        self.hint = hint
        self.permanent = permanent
        super().__init__(f"{message} {hint}".strip())


class StoreBusyError(StoreError):
    """Another paperroute holds the store's lock."""


class StoreNewerError(StoreError):
    """The store was written by a later version of paperroute."""
