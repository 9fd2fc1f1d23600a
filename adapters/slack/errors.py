"""What Slack's Web API answers when it does not do as asked, in the terms of ``bot.errors``."""

from __future__ import annotations

from bot.errors import PaperrouteError


class SlackError(PaperrouteError):
    """A call of the Web API that did not succeed.

    ``code`` is Slack's error ("not_in_channel", "ratelimited"), or "timeout", "connection" or "unreadable" where there
    was no answer to be read, "http_503" for a status without one. ``method``: the API method. ``workspace``: ours.
    ``ambiguous``: it may have been done all the same. ``retry_after``: seconds, where named or still running.
    ``needed``: the missing scope. The text is one sentence without a secret.
    """

    def __init__(
        self,
        code: str,
        *,
        method: str,
        workspace: str,
        ambiguous: bool = False,
        permanent: bool = False,
        retry_after: float | None = None,
        needed: str = "",
    ) -> None:
        self.code = code
        self.method = method
        self.workspace = workspace
        self.ambiguous = ambiguous
        self.permanent = permanent
        self.retry_after = retry_after
        self.needed = needed
        super().__init__(f"Slack answered {method} with {code}.")
