"""What Slack's Web API answers when it does not do as asked, in the terms of ``bot.errors``.

| Slack | what that means for a post |
|---|---|
| says no to this channel (``not_in_channel``, ``is_archived``, ``restricted_action…``) | paused until a person acts |
| says no to the app or its token (``token_revoked``, ``missing_scope`` …) | likewise, and so in all of the workspace |
| does not like the message (``invalid_blocks`` …) | a defect of ours; the same message is refused for ever |
| wants to be left alone (429) | later, the whole workspace |
| answers that it went wrong, with a 5xx, with nothing readable, or not at all | ambiguous: it may stand there |
| anything else | not done; may work later |

Codes: https://docs.slack.dev/reference/methods/chat.postMessage/#errors and the same page of each method.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import ConfigError, DeliveryError, PaperrouteError, UnreadableError

AMBIGUOUS = frozenset({"internal_error", "fatal_error", "service_unavailable"})
"""Slack's own failures: it does not say how far it came."""

CONTENT = frozenset(
    {
        "attachment_payload_limit_exceeded",
        "invalid_arguments",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "markdown_text_conflict",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
"""The message itself is refused."""

THREAD = frozenset(
    {"cannot_reply_to_message", "message_not_found", "restricted_action_thread_locked", "thread_not_found"}
)
"""The thread is not there (any more), or takes no replies."""

_INVITE = "Type `/invite @{bot}` in it."
_ASK_ADMIN = "Ask an admin of the workspace to let @{bot} post here."
_INSTALL = "Install the app in this workspace again."

_CHANNEL: dict[str, tuple[str, str]] = {
    "channel_not_found": (
        "Slack knows no such channel, or @{bot} is not in it.",
        "If it is still there, type `/invite @{bot}` in it.",
    ),
    "not_in_channel": ("@{bot} is not in this channel.", _INVITE),
    "is_archived": ("This channel is archived.", "Unarchive it and type `/invite @{bot}` in it."),
    "restricted_action": ("The workspace's settings do not let @{bot} post here.", _ASK_ADMIN),
    "restricted_action_read_only_channel": ("Only chosen members may post in this channel.", _ASK_ADMIN),
    "restricted_action_thread_only_channel": ("This channel takes replies in threads alone.", _ASK_ADMIN),
    "restricted_action_non_threadable_channel": (
        "This channel takes no threads.",
        "Type `/papers layout digest` here.",
    ),
    "ekm_access_denied": ("The workspace's admins have suspended posting here.", _ASK_ADMIN),
    "messages_tab_disabled": (
        "Direct messages to @{bot} are switched off.",
        'Whoever runs the app switches the "Messages Tab" on under "App Home".',
    ),
    "user_not_found": ("Slack knows no such member.", "Type `/papers watch …` in a channel instead."),
    "cannot_dm_bot": ("Slack lets no bot write to this member.", "Type `/papers watch …` in a channel instead."),
}
"""Code → what is wrong with the channel, and what to do."""

_WORKSPACE: dict[str, tuple[str, str]] = {
    "access_denied": ("Slack denies the app access to this workspace.", _INSTALL),
    "account_inactive": ("The app was removed from this workspace, or its bot switched off.", _INSTALL),
    "enterprise_is_restricted": ("The enterprise's settings do not let the app post.", "Ask one of its admins."),
    "invalid_auth": ("Slack does not accept the app's token.", _INSTALL),
    "missing_scope": ("The app lacks the scope {needed}.", "Add it to the app and install it in this workspace again."),
    "no_permission": ("The app's token does not allow this.", _INSTALL),
    "not_allowed_token_type": ("The app's token is not a bot token (xoxb-…).", "Set the bot token, then restart."),
    "not_authed": ("Slack was given no token.", _INSTALL),
    "not_installed": ("The app is not installed in this workspace.", _INSTALL),
    "org_login_required": (
        "The workspace is being moved into an enterprise.",
        "Try `/papers resume` when that is done.",
    ),
    "team_access_not_granted": (
        "The app has no access to this workspace.",
        "Ask an admin of the enterprise to add it.",
    ),
    "token_expired": ("The app's token has expired.", _INSTALL),
    "token_revoked": ("The app's token was revoked.", _INSTALL),
    "two_factor_setup_required": ("The workspace wants two-factor authentication.", _INSTALL),
}
"""Code → what is wrong with the app in the workspace, and what to do."""

_UNREADABLE = frozenset(_CHANNEL) | frozenset(_WORKSPACE) | {"invalid_cursor", "method_not_supported_for_channel_type"}
_PERMANENT = frozenset(_CHANNEL) | frozenset(_WORKSPACE) | CONTENT

# Slack names the seconds with every 429; where a proxy's says nothing, this is modest.
_RETRY_AFTER = 30.0
_LONGEST_WORD = 80

_NO_ANSWER = {
    "timeout": "Slack did not answer {method} in time.",
    "connection": "Slack could not be reached for {method}, or the connection broke.",
    "proxy": "The proxy of HTTPS_PROXY could not be used for {method}.",
    "unreadable": "Slack answered {method} with something that cannot be read.",
    "ratelimited": "Slack wants to wait before the next {method}.",
    "not_installed": "The app is not installed in the Slack workspace {workspace}.",
}


class SlackError(PaperrouteError):
    """A call of the Web API that did not succeed.

    ``code`` is Slack's error ("not_in_channel", "ratelimited"), or "timeout", "connection", "proxy" or "unreadable"
    where there was no answer to be read, "http_503" for a status without one. ``method``: the API method.
    ``workspace``: ours. ``ambiguous``: it may have been done all the same. ``permanent``: the same call will be refused
    until a person acts. ``retry_after``: seconds, where named or still running. ``needed``: the missing scope. The text
    is one sentence without a secret.
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
        text = _NO_ANSWER.get(code, "Slack answered {method} with {code}.")
        super().__init__(text.format(method=method, code=code, workspace=workspace))


@contextmanager
def translated(method: str, workspace: str) -> Iterator[None]:
    """Everything that slack_sdk, aiohttp and the network raise becomes a SlackError."""
    try:
        yield
    except SlackApiError as error:
        raise _answered(error.response, method, workspace) from None
    except ConfigError:
        raise SlackError("proxy", method=method, workspace=workspace, permanent=True) from None
    except (aiohttp.ClientHttpProxyError, aiohttp.ClientProxyConnectionError):
        raise SlackError("proxy", method=method, workspace=workspace) from None
    except aiohttp.InvalidURL:
        raise SlackError("connection", method=method, workspace=workspace, permanent=True) from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        # There was no connection, so nothing was sent.
        raise SlackError("connection", method=method, workspace=workspace) from None
    except TimeoutError:
        raise SlackError("timeout", method=method, workspace=workspace, ambiguous=True) from None
    except (aiohttp.ClientPayloadError, aiohttp.ContentTypeError, SlackClientError, ValueError, AttributeError):
        # The SDK reads every answer as a JSON object: a list is an AttributeError to it, a wrong charset a ValueError.
        raise SlackError("unreadable", method=method, workspace=workspace, ambiguous=True) from None
    except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError):
        raise SlackError("connection", method=method, workspace=workspace, ambiguous=True) from None


def answered(status: int, headers: Mapping[str, str], body: object, *, method: str, workspace: str) -> SlackError:
    """The error that an answer is. ``body``: the parsed JSON, or anything else where it was none."""
    facts = body if isinstance(body, dict) else {}
    code = _word(facts.get("error"))
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return SlackError("ratelimited", method=method, workspace=workspace, retry_after=_retry_after(headers))
    if status >= 500:
        return SlackError(code or f"http_{status}", method=method, workspace=workspace, ambiguous=True)
    if not code:
        if status == 200:
            return SlackError("unreadable", method=method, workspace=workspace, ambiguous=True)
        return SlackError(f"http_{status}", method=method, workspace=workspace)
    return SlackError(
        code,
        method=method,
        workspace=workspace,
        ambiguous=code in AMBIGUOUS,
        permanent=code in _PERMANENT,
        needed=_word(facts.get("needed")) if code == "missing_scope" else "",
    )


def _answered(response: Any, method: str, workspace: str) -> SlackError:
    """From what the SDK hands on: its own response, or aiohttp's where the body was not JSON."""
    if isinstance(response, aiohttp.ClientResponse):
        return answered(response.status, response.headers, None, method=method, workspace=workspace)
    return answered(response.status_code, response.headers, response.data, method=method, workspace=workspace)


def _word(value: object) -> str:
    """A code or a scope, harmless wherever it is shown."""
    return re.sub(r"[^\w:,.-]", "_", str(value or ""))[:_LONGEST_WORD]


def _retry_after(headers: Mapping[str, str]) -> float:
    named = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = float(named)
    except ValueError:
        return _RETRY_AFTER
    return max(seconds, 0.0) if math.isfinite(seconds) else _RETRY_AFTER


def delivery_error(error: SlackError, bot: str) -> DeliveryError:
    """What a SlackError means for a post. ``bot``: the bot's name as members mention it, without the @.

    Nothing ends a channel: Slack calls a deleted channel and a private one that the bot has left by the same name.
    """
    if error.ambiguous:
        return DeliveryError(str(error), ambiguous=True)
    if explained := _explained(error, bot):
        message, remedy = explained
        return DeliveryError(message, permanent=True, remedy=remedy)
    if error.code == "ratelimited":
        return DeliveryError(str(error), retry_after=error.retry_after, workspace_wide=True)
    if error.code in CONTENT:
        return DeliveryError(
            f"Slack does not take this post ({error.code}).",
            permanent=True,
            remedy="This is a defect of paperroute; please report it with that word.",
        )
    return DeliveryError(str(error))


def reading_error(error: SlackError, bot: str) -> DeliveryError:
    """What a SlackError means while a post is looked up: UnreadableError where the history is not given out."""
    if error.code in _UNREADABLE:
        message, remedy = _explained(error, bot) or (str(error), "")
        return UnreadableError(f"Whether this was posted cannot be read. {message} {remedy}".strip(), remedy=remedy)
    return DeliveryError(str(error), retry_after=error.retry_after)


def _explained(error: SlackError, bot: str) -> tuple[str, str] | None:
    """What is wrong, and the remedy, where a person can act."""
    found = _CHANNEL.get(error.code) or _WORKSPACE.get(error.code)
    if found is None and error.code.startswith("restricted_action") and error.code not in THREAD:
        found = _CHANNEL["restricted_action"]
    if found is None:
        return None
    message, remedy = found
    needed = f"`{error.needed}`" if error.needed else "it needs"
    return message.format(bot=bot, needed=needed), remedy.format(bot=bot)
