"""No statement walks through a big table: each one that the store runs is shown to SQLite's planner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlite_utils

from bot.figures import mondays
from bot.models import Channel, Entry, FollowUp, Layout, LinkKind, MessageRef, Missing, Post, PostKind
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL
from tests.store_kit import NOW, TODAY, batch_of, compose, key, later, make_channel, open_store, papers_of, poll, watch

OTHER = replace(CHANNEL, channel="other")
AWAY = replace(ANN, workspace="away")
PLATFORMS = ["console"]

# What may be walked through whole: lists that were passed in, small tables, and indexes that hold only what is open.
SMALL = {
    "json_each", "b", "value", "w", "workspaces", "missing", "days", "CONSTANT", "fresh", "queries", "r", "ranked",
    "polls", "_sqlite_migrations", "state", "savers", "latest", "news",
}  # fmt: skip
OPEN_ONLY = {
    "posts_sending", "posts_uncertain", "posts_open", "queries_fresh", "watches_unset", "channels_due", "channels_ready"
}  # fmt: skip


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def use_everything(store: SqliteStore) -> None:
    """Call every method, so that each statement with its branches is run."""
    await make_channel(store, OTHER, "instant UTC")
    await watch(store, "delivery")
    await watch(store, "study", OTHER)
    lost = Missing("2603.00009", TODAY, NOW, NOW, 1)
    await poll(store, papers_of(TODAY, 1, 3), missing=(lost,))
    await poll(store, papers_of(TODAY, 9, 1), late=frozenset({"2603.00009"}), asked=("2603.1",), dropped=("2603.2",))
    await store.open_channel(Channel(CHANNEL, "renamed", "off UTC", Layout.CARDS, NOW))
    await store.add_papers(papers_of(TODAY, 20, 1))
    await store.paper("2603.00001")
    await store.search(Query.parse("delivery -zebra"), limit=5, since=TODAY)
    await store.back_test(Query.parse("deliv*"), since=TODAY)
    await store.archive_span()
    await store.due_channels(("console",), later(days=1), 9)
    await store.channels("console")
    await store.channels("console", "local")
    await store.watches(CHANNEL)
    await store.waiting(CHANNEL)
    await compose(store, 1, cards=True)
    await compose(store, 11, OTHER)
    await store.put_notice(Post(key(30), OTHER, PostKind.NOTICE, thread_of=key(11)), NOW)
    await store.claim(PLATFORMS, NOW, 9)
    await store.next_attempt(PLATFORMS)
    await store.uncertain(key(1), NOW, "x")
    await store.uncertain_posts(PLATFORMS, NOW, 9)
    await store.interrupted(PLATFORMS)
    await store.sent(key(1), MessageRef(CHANNEL, "m"), NOW)
    await store.dead(key(11), "x", NOW)
    await store.claim(PLATFORMS, NOW, 9)
    await store.retry(key(2), NOW, "x")
    await store.set_paused(OTHER, "x", None, NOW)
    await store.set_paused(OTHER, "", None, NOW)
    await store.set_schedule(OTHER, "instant UTC", None, ANN, NOW)
    await store.set_layout(OTHER, Layout.CARDS, ANN, NOW)
    await store.set_due(OTHER, None)
    await store.postpone_workspace("console", "local", NOW)
    await store.post_of(MessageRef(CHANNEL, "m"))
    await store.latest_entries(CHANNEL)
    await store.channel_status(CHANNEL)
    await store.save(ANN, CHANNEL, "2603.00001", NOW)
    await store.saved_by(ANN, limit=9)
    await store.saved_in(CHANNEL, limit=9)
    await store.top("console", "local", since=NOW, limit=9)
    await store.unsave(ANN, "2603.00001", NOW)
    await store.dismiss(CHANNEL, BOB, "2603.00001", NOW)
    await store.dismissed(CHANNEL, limit=9)
    await store.set_similar(CHANNEL, True, ANN, NOW)
    await store.texts(limit=9)
    await store.texts_of(["2603.00001", "none"])
    await store.unposted(CHANNEL, 9)
    await store.figures(CHANNEL, mondays(TODAY, 2))
    await store.figures(CHANNEL, mondays(TODAY, 2), "delivery")
    proposed = Entry(1, papers_of(TODAY, 20, 1)[0], because="because you saved it")
    proposing = Post(key(40), CHANNEL, PostKind.DIGEST, entries=(proposed,))
    await store.put_posts(CHANNEL, [proposing], receipted=0, next_due=None, now=NOW)
    for kind, digest, linked in (
        (LinkKind.WORKSPACE, b"w", AWAY), (LinkKind.ACCOUNT, b"a", BOB), (LinkKind.WORKSPACE, b"v", AWAY)
    ):  # fmt: skip
        await store.add_link_code(digest, kind, ANN, NOW, ends=later(minutes=10), most=5)
        await store.find_link_code(digest, linked, NOW, since=NOW, most=10)
        await store.find_link_code(b"wrong", linked, NOW, since=NOW, most=10)
        await store.link(digest, linked, NOW)
    await _join_teams(store)
    await store.save(BOB, CHANNEL, "2603.00001", NOW)
    await store.saved_by(ANN, limit=9)
    await store.saved_by(ANN, limit=9, seen_by=AWAY)
    await store.top("console", "local", since=NOW, limit=9)
    await store.unsave(ANN, "2603.00001", NOW)
    await store.team("console", "local")
    await store.accounts(ANN)
    await store.namesakes(ANN, "ann", limit=9)
    await store.unlink(LinkKind.WORKSPACE, ANN, NOW)
    await store.unlink(LinkKind.ACCOUNT, ANN, NOW)
    await store.save_reactions("console", "local")
    await store.set_save_reactions("console", "local", ("eyes",), ANN, NOW)
    await store.recent_posts("console", NOW)
    await store.followed(later(days=30), 9)
    await store.followers("2603.00001")
    followed = FollowUp((await store.search(Query.parse("delivery"), limit=1))[0], 1, False, False, later(days=1))
    await store.follow_up([followed], [Post(key(31), CHANNEL, PostKind.NOTICE, thread_of=key(1))], NOW)
    await store.put_installation("slack", "T1", "", b"sealed", NOW)
    await store.installation("slack", "T1")
    await store.installed("slack")
    await store.remove_installation("slack", "T1", "")
    await store.remove_installation("slack", "T1")
    await store.first_time("event", NOW)
    await store.missing(NOW, 9)
    await store.poll_failed(NOW, "x")
    await store.poll_succeeded(NOW)
    await store.poll_status()
    await store.beat(NOW)
    await store.last_beat()
    await store.cursor()
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    await store.record(batch_of(), {}, NOW)
    await store.prune_papers(TODAY.replace(year=2030), 9)
    await store.move_channel(OTHER, replace(OTHER, channel="moved"), NOW)


async def _join_teams(store: SqliteStore) -> None:
    """Two teams and two persons, of two each, become one."""
    others = [replace(AWAY, workspace=workspace) for workspace in ("third", "fourth")]
    for kind in LinkKind:
        for maker, linked in ((others[0], others[1]), (others[1], ANN)):
            await store.add_link_code(b"j", kind, maker, NOW, ends=later(minutes=10), most=5)
            await store.link(b"j", linked, NOW)


async def test_no_statement_walks_through_a_big_table(store: SqliteStore) -> None:
    statements: set[str] = set()
    await store._database.read(lambda db: db.conn.set_trace_callback(statements.add))
    await use_everything(store)

    def walks(db: sqlite_utils.Database) -> list[tuple[str, str]]:
        db.conn.set_trace_callback(None)
        statements.add("SELECT id FROM papers WHERE title = 'an example of what must be noticed'")
        asked = [sql for sql in statements if sql.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}]
        found = []
        for sql in asked:
            # For an insert the plan also has the checks of deferred foreign keys, of which there are none.
            db.execute(f"PRAGMA foreign_keys = {int(not sql.lstrip().startswith('INSERT'))}")
            for *_, step in db.execute("EXPLAIN QUERY PLAN " + sql).fetchall():
                words = step.split()
                if words[0] == "SCAN" and "VIRTUAL" not in words and not {words[1], words[-1]} & (SMALL | OPEN_ONLY):
                    found.append((step, " ".join(sql.split())))
        assert len(asked) > 100
        return found

    ((step, noticed),) = await store._database.read(walks)
    assert (step, noticed[-16:]) == ("SCAN papers", "must be noticed'")
