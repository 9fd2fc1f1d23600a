"""What became of every paper and every save: the platforms compared with what was announced, watched and saved.

Of the program's file only this is read: which posts were left uncertain (their papers may stand there or not, and
nobody can tell), which posts bring nothing that is owed (a weekly top shows papers again), and the saved papers.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field

from adapters.discord import identity as discord_identity
from adapters.slack import identity as slack_identity
from benchmarks.chaos.members import Held, Members
from benchmarks.chaos.papers import wanted_by
from benchmarks.chaos.places import PLACES, posted
from benchmarks.chaos.town import Town
from bot.models import MemberRef
from storage.sqlite import SqliteStore
from tests.standins import discord as discord_standin
from tests.standins.discord import GUILD
from tests.standins.slack import TEAM

_LIMIT = 100_000


@dataclass
class Papers:
    """Papers by what became of them, each a (place, paper). ``uncertain`` ones stand at most once."""

    owed: int = 0
    once: int = 0
    twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    uncertain: int = 0
    waiting: int = 0

    def __iadd__(self, other: Papers) -> Papers:
        self.owed += other.owed
        self.once += other.once
        self.twice += other.twice
        self.lost += other.lost
        self.uncertain += other.uncertain
        self.waiting += other.waiting
        return self


@dataclass
class Saves:
    """Saves that members may rely on, those in the library, and what is not as it should be."""

    saved: int = 0
    kept: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: int = 0
    taken_back: int = 0
    back_again: list[str] = field(default_factory=list)
    unreadable: int = 0
    unreadable_kept: int = 0

    def __iadd__(self, other: Saves) -> Saves:
        self.saved += other.saved
        self.kept += other.kept
        self.lost += other.lost
        self.doubled += other.doubled
        self.taken_back += other.taken_back
        self.back_again += other.back_again
        self.unreadable += other.unreadable
        self.unreadable_kept += other.unreadable_kept
        return self


@dataclass(frozen=True)
class Posts:
    """Of the program's posts: those that are uncertain, with their papers, by place; those that owe nothing; and the
    papers that wait behind others, by place."""

    uncertain: dict[str, set[str]]
    left_out: set[str]
    waiting: dict[str, set[str]]

    @classmethod
    def read(cls, town: Town) -> Posts:
        uncertain: dict[str, set[str]] = {}
        waiting: dict[str, set[str]] = {}
        with closing(sqlite3.connect(f"{town.database.as_uri()}?mode=ro", uri=True)) as db:
            left_out = {
                key
                for (key,) in db.execute(
                    "SELECT key FROM posts WHERE kind <> 'notice' AND NOT EXISTS"
                    " (SELECT 1 FROM entries WHERE post_id = posts.id AND owed = 1)"
                )
            }
            rows = db.execute(
                "SELECT w.platform, c.channel, p.state, q.id FROM posts p JOIN channels c ON c.id = p.channel_id"
                " JOIN workspaces w ON w.id = c.workspace_id JOIN entries e ON e.post_id = p.id"
                " JOIN papers q ON q.ordinal = e.paper WHERE p.thread_of IS NULL AND e.owed = 1 AND p.state <> 'sent'"
            )
            for platform, channel, state, paper in rows:
                kind = uncertain if state == "uncertain" else waiting
                kind.setdefault(f"{platform} {channel}", set()).add(paper)
            rows = db.execute(
                "SELECT w.platform, c.channel, q.id FROM deliveries d JOIN channels c ON c.id = d.channel_id"
                " JOIN workspaces w ON w.id = c.workspace_id JOIN papers q ON q.ordinal = d.paper WHERE d.state = 0"
            )
            for platform, channel, paper in rows:
                waiting.setdefault(f"{platform} {channel}", set()).add(paper)
        return cls(uncertain, left_out, waiting)


def owed(town: Town) -> dict[str, set[str]]:
    """The papers that each place is owed for the sake of its lasting watches."""
    found: dict[str, set[str]] = {}
    for place in PLACES:
        wanted = {
            paper.id for paper in town.announced.values() if any(wanted_by(query, paper) for query in place.queries)
        }
        found[place.name] = wanted
        if place.address:
            found[f"email {place.address}"] = wanted
    return found


def outstanding(town: Town) -> dict[str, set[str]]:
    """What is owed and stands nowhere yet, by place."""
    there = posted(town.readers.everywhere(), set())
    return {place: missing for place, wanted in owed(town).items() if (missing := wanted - set(there.get(place, ())))}


def count_papers(town: Town, *, unreadable: Iterable[str]) -> dict[str, Papers]:
    """The account of each place. In ``unreadable`` places a post that is uncertain may hold others up."""
    posts, closed = Posts.read(town), set(unreadable)
    there = posted(town.readers.everywhere(), posts.left_out)
    accounts: dict[str, Papers] = {}
    for place, wanted in owed(town).items():
        found = there.get(place, {})
        account = accounts[place] = Papers(owed=len(wanted))
        account.twice = [f"{place}: {paper} {times} times" for paper, times in found.items() if times > 1]
        for paper in sorted(wanted):
            if paper in posts.uncertain.get(place, ()):
                account.uncertain += 1
            elif paper in found:
                account.once += found[paper] == 1
            elif place in closed and paper in posts.waiting.get(place, ()):
                account.waiting += 1
            else:
                account.lost.append(f"{place}: {paper}")
    for key, times in Counter((each.place, each.key) for each in town.readers.everywhere()).items():
        if times > 1:
            handles = ", ".join(each.handle for each in town.readers.everywhere() if (each.place, each.key) == key)
            accounts.setdefault(key[0], Papers()).twice.append(f"{key[0]}: post {key[1]} {times} times: {handles}")
    return accounts


async def hidden(town: Town, accounts: dict[str, Papers]) -> list[str]:
    """The places with uncertain papers of which `status` says nothing."""
    store = await SqliteStore.open(town.database, read_only=True)
    try:
        shown = {place.name: (await store.channel_status(place.ref)).uncertain for place in PLACES}
    finally:
        await store.close()
    return [
        f"{place}: what is uncertain is not shown"
        for place, posts in shown.items()
        if accounts[place].uncertain and not posts
    ]


async def count_saves(town: Town, members: Members) -> Saves:
    """The account of all members."""
    account = Saves()
    people = {
        "slack": (slack_identity.member_ref(TEAM, "U0ANN"), slack_identity.member_ref(TEAM, "U0BOB")),
        "discord": (
            discord_identity.member_ref(GUILD, discord_standin.ANN),
            discord_identity.member_ref(GUILD, discord_standin.BOB),
        ),
    }
    store = await SqliteStore.open(town.database, read_only=True)
    try:
        for platform, (ann, bob) in people.items():
            library = await _library(store, ann, account)
            for (where, paper), held in members.held.items():
                if where == platform and held is not Held.PERHAPS:
                    _compare(account, f"{platform} ann: {paper}", paper in library, wanted=held is Held.SAVED)
            library = await _library(store, bob, account)
            for (where, paper), handle in members.reacted.items():
                if where != platform:
                    continue
                if (where, paper) in members.unreadable:
                    account.unreadable += handle is not None
                    account.unreadable_kept += handle is not None and paper in library
                else:
                    _compare(account, f"{platform} bob: {paper}", paper in library, wanted=handle is not None)
    finally:
        await store.close()
    return account


async def _library(store: SqliteStore, member: MemberRef, account: Saves) -> set[str]:
    """The papers that a member has saved; those that are there twice are counted."""
    papers = [save.paper.id for save in await store.saved_by(member, limit=_LIMIT)]
    account.doubled += len(papers) - len(set(papers))
    return set(papers)


def _compare(account: Saves, what: str, saved: bool, *, wanted: bool) -> None:
    if wanted:
        account.saved += 1
        account.kept += saved
        if not saved:
            account.lost.append(what)
    else:
        account.taken_back += 1
        if saved:
            account.back_again.append(what)
