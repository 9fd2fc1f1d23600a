"""What Discord's API answers when it does not do as asked, in the terms of ``bot.errors``.

| Discord | what that means for a post |
|---|---|
| says no to this channel (50001, 50013, 50007, 50008) | paused until a person acts |
| knows no such channel (10003) | it was deleted |
| knows no such message (10008) | the digest of the thread was deleted |
| has locked the thread (160005) | of a digest: its cards have no place; of the members: paused |
| does not like the message (50035, 50006) | a defect of ours; the same message is refused for ever |
| wants to be left alone (429) | later |
| answers with a 5xx, or not at all | ambiguous: it may stand there |
| anything else | not done; may work later |

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

import aiohttp
import discord

from bot.errors import DeliveryError, UnreadableError

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
TOO_LATE = frozenset({10062, 10015, 50027})
"""An interaction is acknowledged within three seconds, and answered within fifteen minutes: its token ends then."""

ACKNOWLEDGED_BEFORE, TAG_NEEDED, CONTENT = 40060, 40067, frozenset({50035, 50006})
NO_ACCESS, NO_PERMISSION = 50001, 50013
THREAD_EXISTS, THREAD_LOCKED = 160004, 160005

UNLOCK = "Unlock it, or type `/papers watch …` in another channel."

_CHANNEL = {
    NO_ACCESS: ("Discord does not let the bot see this channel.", 'Allow its role "View Channel" here.'),
    NO_PERMISSION: (
        "Discord does not let the bot post here.",
        'Allow its role "Send Messages", "Embed Links", "Create Public Threads"; `/papers doctor` says more.',
    ),
    50007: ("Discord lets no bot write to this member.", "Type `/papers watch …` in a channel instead."),
    50008: ("This kind of channel takes no messages.", "Type `/papers watch …` in a text channel or a forum."),
    THREAD_LOCKED: ("This thread is locked.", UNLOCK),
    TAG_NEEDED: (
        "This forum asks for a tag and has none that a bot may use.",
        "Make one, or switch the demand off in its settings.",
    ),
}
TROUBLE = (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError)
"""What a request can end with though nothing is wrong with it: Discord, or the way to it, is in trouble."""

_BANNED_SECONDS = 600.0
_REFUSED_SECONDS = 300.0


def delivery_error(error: Exception, *, thread: bool = False) -> DeliveryError:
    """What an attempt to post ended with; ``thread``: it was to stand in a thread."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, discord.RateLimited):
        return DeliveryError("Discord wants to wait.", retry_after=error.retry_after)
    if isinstance(error, discord.HTTPException):
        return _refused(error, thread=thread)
    if isinstance(error, aiohttp.ClientConnectorError):
        return DeliveryError("Discord cannot be reached.")
    return DeliveryError(f"Discord's answer was lost ({type(error).__name__}).", ambiguous=True)


def _refused(error: discord.HTTPException, *, thread: bool) -> DeliveryError:
    if error.status >= 500:
        return DeliveryError(f"Discord answers that it is in trouble ({error.status}).", ambiguous=True)
    if error.status == 429:
        return DeliveryError("Discord wants to be left alone.", retry_after=_BANNED_SECONDS, workspace_wide=True)
    if error.status == 401:
        return DeliveryError("Discord refuses the token.", retry_after=_REFUSED_SECONDS, workspace_wide=True)
    return _said_no(error, error.code, thread=thread)


def _said_no(error: discord.HTTPException, code: int, *, thread: bool) -> DeliveryError:
    if code == UNKNOWN_MESSAGE or (thread and code in (UNKNOWN_CHANNEL, THREAD_LOCKED)):
        return DeliveryError("The digest of its thread was deleted, or its thread locked.", thread_gone=True)
    if code == UNKNOWN_CHANNEL:
        return DeliveryError("This channel was deleted on Discord.", ends_channel=True)
    if code in _CHANNEL or error.status == 403:
        message, remedy = _CHANNEL.get(code, _CHANNEL[NO_PERMISSION])
        return DeliveryError(message, permanent=True, remedy=remedy)
    if code in CONTENT:
        return DeliveryError(
            f"Discord does not take this post (code {code}).",
            permanent=True,
            remedy="This is a defect of paperroute; please report it with that number.",
        )
    return DeliveryError(f"Discord refuses it ({error.status}, code {code}).")


def reading_error(error: Exception) -> DeliveryError:
    """What an attempt to look a post up ended with."""
    if isinstance(error, discord.HTTPException) and error.status < 500 and error.status != 429:
        return UnreadableError(f"The channel's history cannot be read ({error.status}, code {error.code}).")
    found = delivery_error(error)
    return DeliveryError(found.message, retry_after=found.retry_after)
