"""What is to be done with a post after an attempt to send it, or to look it up. Pure.

| the attempt | then |
|---|---|
| was answered with a message | sent |
| was refused for good | the channel is paused with the reason, the post is dead |
| was refused for now, with a time | again at that time |
| was refused since its thread is gone | the post is dead, and nothing else is |
| was refused for now | again after 2, 4, 8 … seconds, at most 15 minutes, with jitter |
| was refused for the whole workspace | likewise, and all of the workspace waits |
| was refused for now 20 times, over more than a day | as if refused for good |
| was not answered, or in no way that is understood | uncertain: looked up after the settling time (30 s on most) |

A post is looked up because it may have been stored. Found: sent. Absent that long after the last attempt: it was not
stored and is sent again; absent before that means nothing yet, since a platform may show a message later than it took
it. A history that cannot be read decides nothing: the post stays uncertain, is looked up at growing intervals, and is
never sent again on a guess. Where a platform has no history at all (e-mail), it stays uncertain for good and the
channel goes on without it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from bot.errors import DeliveryError, NoHistoryError, UnreadableError
from bot.models import MessageRef, OutboxItem

SETTLE = timedelta(seconds=30)
NEVER = datetime.max.replace(tzinfo=UTC)
"""The moment at which what can never be known is looked up."""
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 900.0
LONGEST_LOOK_UP_PAUSE = 6 * 3600.0
# A post is given up only when both are exceeded: a platform may be down for a day, or refuse quickly for an hour.
MOST_ATTEMPTS = 20
LONGEST_TRIAL = timedelta(days=1)
# No platform means longer; a larger number is nonsense, or would overflow a date.
_LONGEST_RETRY_AFTER = 7 * 86400.0

_CUT_OFF = "The bot was stopped while this was being posted."


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has it as ``message``."""

    message: MessageRef


@dataclass(frozen=True, slots=True)
class Again:
    """It is not there: send it at ``at``. ``workspace``: nothing of the workspace is sent before that."""

    at: datetime
    error: str
    workspace: bool = False


@dataclass(frozen=True, slots=True)
class LookUp:
    """It may be there: look it up at ``at``.

    ``workspace`` as in ``Again``; ``pause``: the reason to pause the channel for, empty when it need not be.
    """

    at: datetime
    error: str
    workspace: bool = False
    pause: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody will ever know whether it is there: it is neither sent again nor looked up."""

    error: str


@dataclass(frozen=True, slots=True)
class Dead:
    """It will not go out: pause the channel for the reason ``pause``, unless that is empty.

    ``ended``: the channel is gone for good.
    """

    error: str
    pause: str
    ended: bool = False


Outcome = Sent | Again | LookUp | Unknown | Dead


def after_sending(
    item: OutboxItem, error: Exception, now: datetime, random: Random, *, settle: timedelta = SETTLE
) -> Outcome:
    """What follows from an attempt that ended with ``error``; TimeoutError: no answer in the time allowed.

    ``settle``: how long a platform may take to show in its history what it took.
    """
    if not isinstance(error, DeliveryError):
        return LookUp(now + settle, f"The platform's answer was lost or not understood ({type(error).__name__}).")
    asked = _retry_after(error)
    if error.ambiguous:
        return LookUp(now + max(settle, timedelta(seconds=asked or 0)), error.message, error.workspace_wide)
    if error.thread_gone:
        return Dead(error.message, "")
    if error.permanent or error.ends_channel:
        return Dead(error.message, _reason(error), error.ends_channel)
    if _exhausted(item, now):
        return _given_up(item, error.message)
    pause = back_off(item.attempts, random) if asked is None else timedelta(seconds=asked)
    return Again(now + pause, error.message, error.workspace_wide)


def after_looking_up(
    item: OutboxItem,
    found: MessageRef | None,
    last_attempt: datetime,
    now: datetime,
    random: Random,
    *,
    settle: timedelta = SETTLE,
) -> Outcome:
    """What follows from a look-up that worked. ``last_attempt``: the latest moment the post may have been sent."""
    if found is not None:
        return Sent(found)
    error = item.last_error or _CUT_OFF
    if now < last_attempt + settle:
        return LookUp(last_attempt + settle, error)
    if _exhausted(item, now):
        return _given_up(item, error)
    # The settling counts as a pause; only a platform that loses answers again and again is given longer ones.
    pause = max(timedelta(), back_off(item.attempts, random) - settle)
    return Again(now + pause, error)


def after_failing_to_look_up(item: OutboxItem, error: Exception, now: datetime) -> Outcome:
    """What follows from a look-up that ended with ``error``. The post stays uncertain unless its channel is gone."""
    waited = (now - (item.first_attempt or now)).total_seconds()
    longest = LONGEST_LOOK_UP_PAUSE if isinstance(error, UnreadableError) else LONGEST_PAUSE
    at = now + timedelta(seconds=min(max(waited / 2, SETTLE.total_seconds()), longest))
    if not isinstance(error, DeliveryError):
        return LookUp(at, f"Whether this was posted could not be looked up ({type(error).__name__}).")
    if error.ends_channel:
        return Dead(error.message, _reason(error), ended=True)
    if isinstance(error, NoHistoryError):
        return Unknown(error.message)
    asked = _retry_after(error)
    if asked is not None:
        at = now + timedelta(seconds=asked)
    unpostable = error.permanent and not isinstance(error, UnreadableError)
    return LookUp(at, error.message, error.workspace_wide, _reason(error) if unpostable else "")


def back_off(attempts: int, random: Random) -> timedelta:
    """The pause after the ``attempts``-th attempt: doubled each time, half of it by chance so that crowds disperse."""
    full = min(FIRST_PAUSE * 2.0 ** min(max(attempts - 1, 0), 30), LONGEST_PAUSE)
    return timedelta(seconds=random.uniform(full / 2, full))


def _retry_after(error: DeliveryError) -> float | None:
    """The seconds to wait that the platform named, if it named something sensible."""
    if error.retry_after is None or not math.isfinite(error.retry_after):
        return None
    return min(max(error.retry_after, 0.0), _LONGEST_RETRY_AFTER)


def _exhausted(item: OutboxItem, now: datetime) -> bool:
    return item.attempts >= MOST_ATTEMPTS and now - (item.first_attempt or now) > LONGEST_TRIAL


def _given_up(item: OutboxItem, error: str) -> Dead:
    return Dead(error, f"Posting was given up after {item.attempts} attempts. The last answer: {error}")


def _reason(error: DeliveryError) -> str:
    """Why the channel is paused and what to do, in one line."""
    return f"{error.message} {error.remedy}".strip()
