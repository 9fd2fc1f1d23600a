"""No statement walks through a big table: each one that the store asks is shown to SQLite's planner.

That each one is asked here is seen from the lines of the store that ask.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import FrameType

import pytest
import sqlite_utils

import storage.sqlite
from bot.figures import mondays
from bot.models import (
    Channel,
    ChannelSettings,
    Composed,
    Cursor,
    Entry,
    FollowUp,
    Layout,
    LinkKind,
    MessageRef,
    Missing,
    Post,
    PostKind,
    Sort,
    TimedSetting,
)
from bot.query import Query
from storage.sqlite import SqliteStore, full_text
from tests.email_kit import subscribe
from tests.factories import ANN, BOB, CHANNEL, make_signal
from tests.store_kit import (
    NOW,
    TODAY,
    batch_of,
    compose,
    entries_for,
    key,
    later,
    make_channel,
    open_store,
    papers_of,
    poll,
    record,
    watch,
)

OTHER = replace(CHANNEL, channel="other")
AWAY = replace(ANN, workspace="away")
PLATFORMS = ["console"]
STORE = Path(storage.sqlite.__file__).parent
# What runs before the store is in use, or on another file: once, whatever it takes.
APART = {
    "migrations",
    "database",
    "commits",
    "rewording",
    "lock",
    "columns",
    "copying",
    "piecing",
    "repairing",
    "restoring",
}

# Indexes of all posts and watches that a channel ever had, and who may look through these. SQLite takes them for as
# good as the indexes of those that wait or are active, which are a few.
EVER = {"posts_of_channel", "watches_of_channel"}
MAY_LOOK_THROUGH = {
    "moving.py": "a channel that becomes one with another takes all along",
    "following.py": "the posts with one paper that somebody saved",
    "bringing.py": "the post with a paper that a member brings again",
}

# Examples of what must be noticed.
EXAMPLES = (
    "SELECT id FROM papers WHERE title = 'a table walked through'",
    "SELECT id FROM posts WHERE channel_id = 1 AND state = 'pending' AND text = 'all that a channel ever had'",
)

# What may be walked through whole, and why that stays quick however much there is.
ALLOWED = {
    "CONSTANT": "no table at all",
    "block": "the result of a subquery: a block of queries",
    "days": "a row a listing day, 250 a year",
    "fan_out": "the papers of one poll, until they are owed",
    "fan_out_after": "the same",
    "deliveries_waiting": "an index of what waits: counted when metrics are asked for",
    "posts_pending": "the same for posts",
    "channels_paused": "the same for channels",
    "missing": "numbers of the last two weeks that arXiv does not answer for",
    "latest": "the result of a subquery: the papers of one channel",
    "new": "the result of a subquery: the queries of one post",
    "news": "the result of a subquery: listing days since a channel's last receipt",
    "owed": "the result of a subquery: one row",
    "r": "the result of a subquery: what one team saved since a moment",
    "rated": "the result of a subquery: the papers rated since a day",
    "savers": "the result of a subquery: who saved one paper",
    "posts_sending": "an index of posts under way, 128 a platform at most",
    "watches_unset": "an index of the watches made while the archive is first filled",
    "mail_subscriptions_member": "looked at for its first row",
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    # In a file that it did not make, FTS5 looks through a small table of its own first.
    async with open_store(tmp_path, copied=False) as opened:
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
    await store.begin_import("file")
    await store.import_papers("file", [papers_of(TODAY, 20, 2)], lambda _: "here")
    await store.end_import("file", complete=True)
    await store.paper("2603.00001")
    await store.search(Query.parse("delivery -zebra"), limit=5, since=TODAY)
    await store.back_test(Query.parse("deliv* cat:cs.*"), since=TODAY)
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
    await store.set_sort(OTHER, Sort.HOT, ANN, NOW)
    await _use_signals(store)
    await store.set_due(OTHER, None)
    await store.postpone_workspace("console", "local", NOW)
    await store.post_of(MessageRef(CHANNEL, "m"))
    await store.latest_entries(CHANNEL)
    await store.posted(CHANNEL, limit=9)
    await store.channel_status(CHANNEL)
    await store.take_in(
        Channel(CHANNEL, "papers", "off UTC", Layout.CARDS, NOW),
        [(Query.parse("zebra"), "zebra", 0)],
        ChannelSettings(TimedSetting("off UTC", None), Layout.THREAD, TimedSetting("", None), Sort.NEW, similar=True),
        ANN,
        NOW,
        most=9,
    )
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
    async for _ in store.recent_posts("console", NOW):
        pass
    async for _ in store.all_channels("console"):
        pass
    await store.followed(later(days=30), 9)
    await store.followers("2603.00001")
    followed = FollowUp((await store.search(Query.parse("delivery"), limit=1))[0], 1, False, False, later(days=1))
    await store.follow_up([followed], [Post(key(31), CHANNEL, PostKind.NOTICE, thread_of=key(1))], NOW)
    (brought,) = papers_of(TODAY, 20, 1)
    card = Post(key(32), CHANNEL, PostKind.CARD, "ann brought this paper", (Entry(0, brought),))
    await store.bring(card, ANN, NOW, since=NOW, most=9)
    await store.bring(card, ANN, NOW, since=NOW, most=9)
    await store.set_top(CHANNEL, "weekly mon 09:00 UTC", NOW, ANN, NOW)
    (due,) = await store.due_tops(PLATFORMS, NOW, 9)
    await store.put_top(due, [replace(card, key=key(33))], next_due=later(days=7), now=NOW)
    await store.unseen("console", "local", ["2603.00001"])
    (tally,) = await store.tallies(least=1, made_before=NOW, limit=9)
    await store.judged(tally.watch.id)
    await _use_mail(store)
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
    await record(store, batch_of(), {}, NOW)
    await store.fanning_out()
    await store.backlog()
    await store.waiting(CHANNEL, settled=True)
    await _use_archive(store)
    await _use_digests(store)
    await store.pack(TODAY.replace(year=2030), 0, 9)
    await store.thin_posts(later(days=1), 9)
    await store.merge_index()
    await store.give_back()
    await store.move_channel(OTHER, replace(OTHER, channel="moved"), NOW)
    await store.move_channel(replace(OTHER, channel="moved"), CHANNEL, NOW)
    await store._database.write(full_text.clear)


async def _use_archive(store: SqliteStore) -> None:
    """Days that overlap, a gap before the first day that was read, papers nobody wants."""
    before, long_ago = TODAY - timedelta(days=1), TODAY - timedelta(days=40)
    (nobodys,) = papers_of(TODAY, 70, 1, title="Nobody's", abstract="Nothing.")
    await poll(store, [replace(nobodys, announced=before)])
    await poll(store, papers_of(TODAY, 80, 1))
    await store.import_papers("old", [papers_of(long_ago, 1, 1)], lambda _: "there")
    await store.search(Query.parse("nobody OR delivery"), limit=500, since=TODAY)
    await store.back_test(Query.parse("delivery"), since=before - timedelta(days=20))
    await store.prune_papers(TODAY.replace(year=2030), 9)
    await record(store, batch_of(papers_of(TODAY, 90, 1), backfill=True, cursor=Cursor("x", backfilling=True)), {}, NOW)
    await record(store, batch_of(papers_of(TODAY, 91, 1), backfill=True), {}, NOW)


async def _use_digests(store: SqliteStore) -> None:
    """A new channel whose digest is stored once and refused once, at a platform's pace; a paper that is brought."""
    ref = replace(CHANNEL, channel="late")
    await watch(store, "delivery", ref)
    (waiting,), _ = await store.all_waiting([ref], 9, 9)
    post = Post(key(70), ref, PostKind.DIGEST, entries=entries_for(waiting.deliveries))
    digest = Composed(waiting.channel, (post,), waiting.poll, later(days=1), bulk=True)
    # One that brings a part of what waits, one that proposes what the channel has, and one that comes too late.
    first = replace(digest, posts=(replace(post, entries=post.entries[:1]),))
    card = Post(key(71), ref, PostKind.CARD, entries=post.entries[:1], thread_of=post.key)
    proposed = replace(post.entries[0], delivery=None, because="because you saved it")
    assert await store.put_digests([first], NOW) == [True]
    assert not await store.put_posts(ref, [card], receipted=0, next_due=None, now=NOW)
    assert not await store.put_posts(ref, [replace(post, entries=(proposed,))], receipted=0, next_due=None, now=NOW)
    threaded = replace(card, entries=())
    assert await store.put_posts(ref, [threaded], receipted=0, next_due=None, now=NOW)
    await store.put_digests([replace(digest, posts=())], NOW)
    (item,) = await store.claim(PLATFORMS, later(days=1), 1, interval=1.0, most=9)
    await store.sent(item.post.key, MessageRef(item.post.channel, "m9"), NOW, interval=1.0)
    (brought,) = papers_of(TODAY, 70, 1)
    await store.add_papers([brought])
    await store.bring(Post(key(72), ref, PostKind.CARD, "ann", (Entry(0, brought),)), ANN, NOW, since=NOW, most=9)
    await store.set_save_reactions("console", "local", None, ANN, NOW)


async def _use_signals(store: SqliteStore) -> None:
    query = Query.parse("careful")
    await store.add_watch(OTHER, query, "min:20 careful", ANN, NOW, most=9, upvotes=20)
    await store.put_signals([make_signal("2603.00001", 5)], NOW)
    await store.put_signals([make_signal("2603.00001", 30)], NOW)
    await store.change_watch(OTHER, query.canonical, "min:40 careful", ANN, NOW, upvotes=40)
    await store.change_watch(OTHER, query.canonical, "min:10 careful", ANN, NOW, upvotes=10)
    await store.change_watch(OTHER, query.canonical, "careful", ANN, NOW, upvotes=0)
    await store.signals(["2603.00001"])
    await store.trending("console", "local", since=TODAY, query=query, save_weight=10, limit=9)
    await store.rated(since=TODAY, limit=9)
    await store.count_upvoted(query, since=TODAY, upvotes=20)


async def _use_mail(store: SqliteStore) -> None:
    """An address of a channel with watches, while papers come and a watch ends."""
    await watch(store, "letters")
    made = await subscribe(store, NOW)
    await subscribe(store, NOW, "other@lab.example", source=OTHER)
    await store.find_mail_code(b"wrong", ANN, NOW, since=NOW, most=10)
    await store.mail_subscriptions(ANN)
    await store.mirrors(CHANNEL)
    await store.mail_subscription(made.channel.ref)
    await poll(store, papers_of(TODAY, 40, 1, title="Letters"))
    await watch(store, "careful")
    await store.waiting(made.channel.ref)
    await store.end_watch(CHANNEL, "letter", ANN, NOW)
    await compose(store, 60, made.channel.ref)
    await store.mail_begun(key(60), NOW)
    await store.mail_ended(key(60), taken=True)
    await store.mail_taken(key(60))
    await store.end_subscription(made.channel.ref, ANN, NOW)
    await subscribe(store, NOW)


async def _join_teams(store: SqliteStore) -> None:
    """Two teams and two persons, of two each, become one."""
    others = [replace(AWAY, workspace=workspace) for workspace in ("third", "fourth")]
    for kind in LinkKind:
        for maker, linked in ((others[0], others[1]), (others[1], ANN)):
            await store.add_link_code(b"j", kind, maker, NOW, ends=later(minutes=10), most=5)
            await store.link(b"j", linked, NOW)


class Recorder:
    """What SQLite is asked, and from which lines of the store."""

    def __init__(self) -> None:
        self.statements: dict[str, str] = {}
        self.lines: set[tuple[str, int]] = set()

    def __call__(self, statement: str) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and "sqlite_utils" in frame.f_code.co_filename:
            frame = frame.f_back
        if frame is not None and Path(frame.f_code.co_filename).parent == STORE:
            self.statements[statement] = Path(frame.f_code.co_filename).name
            self.lines.add((Path(frame.f_code.co_filename).name, frame.f_lineno))


def asking() -> list[tuple[str, int, int]]:
    """Every place in the store that asks something, with its first and last line."""
    return [
        (path.name, node.lineno, node.end_lineno or node.lineno)
        for path in sorted(STORE.glob("*.py"))
        if path.stem not in APART
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"execute", "executemany"}
        and "PRAGMA" not in ast.unparse(node.args[0])
    ]


async def test_no_statement_walks_through_a_big_table(store: SqliteStore) -> None:
    recorder = Recorder()
    await store._database.read(lambda db: db.conn.set_trace_callback(recorder))
    await use_everything(store)
    unasked = [
        f"{name}:{first}"
        for name, first, last in asking()
        if not any(each == name and first <= line <= last for each, line in recorder.lines)
    ]
    assert unasked == []

    def walks(db: sqlite_utils.Database) -> list[tuple[str, str]]:
        db.conn.set_trace_callback(None)
        found = []
        examples = dict.fromkeys(EXAMPLES, "this test")
        for sql, place in (recorder.statements | examples).items():
            if sql.split()[0] not in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
                continue
            # For an insert the plan also has the checks of deferred foreign keys, of which there are none.
            db.execute(f"PRAGMA foreign_keys = {int(not sql.lstrip().startswith('INSERT'))}")
            for *_, step in db.execute("EXPLAIN QUERY PLAN " + sql).fetchall():
                words = step.split()
                walked = words[0] == "SCAN" and "VIRTUAL" not in words and not {words[1], words[-1]} & set(ALLOWED)
                if walked or (EVER & set(words) and place not in MAY_LOOK_THROUGH):
                    found.append((step, " ".join(sql.split())))
        return found

    assert [sql for _, sql in await store._database.read(walks)] == list(EXAMPLES)


async def test_a_round_with_nothing_to_do_costs_the_same_however_much_was_posted(store: SqliteStore) -> None:
    async def post(first: int, number: int) -> None:
        for each in range(first, first + number):
            await store.put_notice(Post(key(each), CHANNEL, PostKind.NOTICE, text="A word."), NOW)
            assert await store.claim(PLATFORMS, NOW, 9)
            await store.sent(key(each), MessageRef(CHANNEL, f"m{each}"), NOW)

    async def looked() -> int:
        """How many steps SQLite takes while a round asks for what is to be done."""
        ticks: list[None] = []
        await store._database.read(lambda db: db.conn.set_progress_handler(lambda: ticks.append(None), 1))
        await store.fanning_out()
        await store.due_channels(PLATFORMS, NOW, 9)
        await store.due_tops(PLATFORMS, NOW, 9)
        await store.uncertain_posts(PLATFORMS, NOW, 9)
        await store.claim(PLATFORMS, NOW, 9)
        await store.next_attempt(PLATFORMS, NOW)
        await store._database.read(lambda db: db.conn.set_progress_handler(None, 0))
        return len(ticks)

    await make_channel(store)
    await post(1, 2)
    few = await looked()
    await post(3, 60)
    assert await looked() <= few + 1
