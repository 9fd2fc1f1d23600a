"""`paperroute doctor` for Slack: tokens, scopes, and whether each channel with watches can be posted to and read back.

Nothing is posted and nothing changed. A channel can be posted to when the bot is in it and it is not archived; it can
be read back, which a post whose answer was lost needs, when its history is given out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api import Credentials, SlackApi, Wire
from adapters.slack.errors import SlackError, translated
from adapters.slack.scopes import APP_SCOPE, BOT_SCOPES, WHY
from bot.diagnosis import Finding
from bot.models import Channel
from bot.ports import Clock
from bot.proxies import proxy_for

T = TypeVar("T")

TIMEOUT = 15
_PATIENCE = 3
_LONGEST_WAIT = 60.0
_SCOPE_REMEDY = 'Add it under "OAuth & Permissions" > "Bot Token Scopes" and install the app in the workspace again.'


async def examine_app_token(base_url: str, app_token: str, clock: Clock) -> Finding:
    """Whether the app token opens a socket."""
    subject = "SLACK_APP_TOKEN"
    wire = Wire(base_url, clock)
    await wire.open()
    try:
        await wire.call(app_token, "apps.connections.open", {}, workspace="", patience=TIMEOUT)
    except SlackError as error:
        if not error.permanent:
            return _unreached(subject, error.code)
        remedy = f'Make one with the scope {APP_SCOPE} under "Basic Information" > "App-Level Tokens" and set it.'
        if "socket_mode" in error.code:
            remedy = 'Switch on "Socket Mode" in the app\'s settings.'
        return Finding(subject, f"Slack refuses it ({error.code}).", remedy)
    finally:
        await wire.close()
    return Finding(subject, "opens a socket")


async def examine_scopes(base_url: str, workspace: str, credentials: Credentials) -> list[Finding]:
    """Whether a workspace's token is valid and has every scope; Slack names the scopes in a header of each answer."""
    subject = f"Slack workspace {workspace}"
    client = AsyncWebClient(token=credentials.token, base_url=base_url, timeout=TIMEOUT, retry_handlers=[])
    client.proxy = proxy_for(base_url)
    try:
        with translated("auth.test", workspace):
            answer = await client.auth_test()
    except SlackError as error:
        if not error.permanent:
            return [_unreached(subject, error.code)]
        remedy = "Install the app there again; set the new token."
        return [Finding(subject, f"Slack refuses its token ({error.code}).", remedy)]
    given = {scope.strip() for scope in _header(answer.headers, "x-oauth-scopes").split(",")}
    team = answer.get("team") or workspace
    findings = [Finding(subject, f"the token is valid for {team}, where the bot is @{credentials.name}")]
    findings += [
        Finding(f"Scope {scope}", f"is missing; it is for {WHY[scope]}.", _SCOPE_REMEDY)
        for scope in BOT_SCOPES
        if scope not in given
    ]
    if len(findings) == 1:
        findings.append(Finding("Scopes", f"all {len(BOT_SCOPES)} are there"))
    return findings


async def examine_channels(api: SlackApi, channels: Sequence[Channel], clock: Clock) -> AsyncIterator[Finding]:
    """One finding for each channel, as they come; Slack allows about 50 a minute."""
    for channel in channels:
        yield await _examine_channel(api, channel, clock)


async def _examine_channel(api: SlackApi, channel: Channel, clock: Clock) -> Finding:
    ref = channel.ref
    subject = f"Channel #{channel.name or ref.channel} ({ref.workspace})"
    try:
        credentials = await api.credentials(ref.workspace)
    except SlackError as error:
        return Finding(
            subject, f"has no valid installation ({error.code}).", "Install the app in that workspace again."
        )
    try:
        # Direct messages have neither members to join nor an archive, and asking about them needs one more scope.
        if not ref.channel.startswith("D"):
            info = await _patiently(lambda: api.call(ref.workspace, "conversations.info", channel=ref.channel), clock)
            found = info.get("channel", {})
            if found.get("is_archived"):
                return Finding(subject, "is archived.", "Unarchive it, or end its watches.")
            if not found.get("is_member"):
                return _not_in(subject, credentials)
        await _patiently(lambda: api.call(ref.workspace, "conversations.history", channel=ref.channel, limit=1), clock)
    except SlackError as error:
        return _refused(subject, error, credentials)
    paused = f"; paused ({channel.paused.rstrip('.')})" if channel.paused else ""
    return Finding(subject, f"can be posted to and read back{paused}")


def _refused(subject: str, error: SlackError, credentials: Credentials) -> Finding:
    if error.code in {"channel_not_found", "not_in_channel"}:
        return _not_in(subject, credentials)
    if error.code == "missing_scope":
        needed = error.needed or "a scope"
        why = WHY.get(needed.split(",")[0], "reading back what was posted")
        return Finding(subject, f"cannot be examined without {needed}, which is for {why}.", _SCOPE_REMEDY)
    return Finding(subject, f"Slack answers {error.method} with {error.code}.", "Try again later.")


async def _patiently(call: Callable[[], Awaitable[T]], clock: Clock) -> T:
    for _ in range(_PATIENCE):
        try:
            return await call()
        except SlackError as error:
            if error.code != "ratelimited":
                raise
            await clock.sleep(min(error.retry_after or 1.0, _LONGEST_WAIT))
    return await call()


def _not_in(subject: str, credentials: Credentials) -> Finding:
    return Finding(subject, "the bot is not in it.", f"Type `/invite @{credentials.name}` there.")


def _unreached(subject: str, code: str) -> Finding:
    return Finding(
        subject,
        f"Slack cannot be reached ({code}).",
        "Check the network, HTTPS_PROXY and SLACK_API_URL, then try again.",
    )


def _header(headers: object, name: str) -> str:
    """A header of an answer, whatever the case of its name and the shape that the client gives headers."""
    items = headers.items() if hasattr(headers, "items") else ()
    return ",".join(str(value) for key, value in items if str(key).lower() == name)
