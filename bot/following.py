"""Saved papers are followed: a new version, a journal reference, a withdrawal is told once, quietly.

Once a day the source is asked again for saved papers, those that changed lately each day, older ones each week or
month. Where something is new, each channel in which somebody saved the paper gets a notice in the thread of its latest
post of it, or in the one that this post stands in. What was told is noted in the same transaction that puts the notices
into the outbox, and their keys follow from what they tell, so no crash loses or doubles one. Where a paper was saved
without ever having been posted there is no thread, and nothing is said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.commands.saying import lines, paragraph, titled
from bot.digest import post_key
from bot.models import Followed, Follower, FollowUp, Paper, Post, PostKind
from bot.ports import Clock, FollowStore, PaperSource
from bot.withdrawal import is_withdrawn
from bot.wording import count, day_text

logger = logging.getLogger(__name__)

AT_ONCE = 100
MOST_REQUESTS = 20
"""Requests to the source in one go: those of 2,000 papers."""

_DAY = timedelta(days=1)
# A little less than a day, so that a daily job finds what it left for the next day.
_SOON = timedelta(hours=20)


async def follow(store: FollowStore, source: PaperSource, clock: Clock, *, wake: Callable[[], None]) -> int:
    """Ask again for the saved papers whose time has come; returns how many channels are told something.

    ``wake`` is called when something is to be posted. Raises SourceError, StoreError; what was done before stays done.
    """
    told = 0
    for _ in range(MOST_REQUESTS):
        now = clock.now()
        known = await store.followed(now, AT_ONCE)
        if not known:
            break
        current = {paper.id: paper for paper in await source.papers([each.paper.id for each in known])}
        checked: list[FollowUp] = []
        notices: list[Post] = []
        for each in known:
            paper = current.get(each.paper.id, each.paper)
            checked.append(_checked(each, paper, now))
            if said := news(each, paper):
                notices += [_notice(follower, checked[-1], said) for follower in await store.followers(paper.id)]
        await store.follow_up(checked, notices, now)
        told += len(notices)
    if told:
        logger.info("Told %s of changes of saved papers.", count(told, "channel"))
        wake()
    return told


def news(known: Followed, paper: Paper) -> str:
    """What is new about a paper, in a line or two; empty when nothing is."""
    title = titled(paper.title, 120)
    if is_withdrawn(paper):
        if known.withdrawn:
            return ""
        reason = paragraph(paper.comment or "", 300)
        return f"{title} was withdrawn. {reason}".rstrip()
    return lines(
        f"Version {paper.version} of {title} is out ({day_text(paper.updated.date())}): {paper.abstract_url}"
        if paper.version > known.version
        else "",
        f"{title} has appeared: {paragraph(paper.journal_ref, 300)}"
        if paper.journal_ref and not known.published
        else "",
    )


def _checked(known: Followed, paper: Paper, now: datetime) -> FollowUp:
    return FollowUp(
        paper=paper,
        version=max(paper.version, known.version),
        published=known.published or bool(paper.journal_ref),
        withdrawn=is_withdrawn(paper),
        next_check=now + _pause(now - paper.updated),
    )


def _pause(unchanged: timedelta) -> timedelta:
    """How long to wait before a paper is asked for again that has been unchanged for so long."""
    if unchanged < 60 * _DAY:
        return _SOON
    return 7 * _DAY if unchanged < 400 * _DAY else 30 * _DAY


def _notice(follower: Follower, state: FollowUp, said: str) -> Post:
    told = f"{state.paper.id} version {state.version} published {state.published} withdrawn {state.withdrawn}"
    return Post(
        key=post_key(follower.channel, PostKind.NOTICE, (), None, told),
        channel=follower.channel,
        kind=PostKind.NOTICE,
        text=said,
        thread_of=follower.post,
    )
