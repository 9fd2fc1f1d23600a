"""Upgrades: from every earlier schema in place, never from a later one; and a new normaliser's words."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import sqlite_utils
from sqlite_utils.migrations import Migrations

from bot.errors import StoreError, StoreNewerError
from bot.models import MessageRef, QueryBlock, Receipt, Sort
from bot.query import Query
from bot.text import NORMALIZER_VERSION
from storage.sqlite import SqliteStore, migrations, rewording
from tests.factories import ANN, CHANNEL
from tests.store_kit import NOW, TODAY, compose, papers_of, poll, rows, watch
from tests.store_kit import open_store as open_copied

open_store = partial(open_copied, copied=False)

SAVED = """
    INSERT INTO workspaces (id, platform, workspace) VALUES (1, 'console', 'local');
    INSERT INTO channels (id, workspace_id, channel, name, schedule, layout, made_at, receipted)
        VALUES (1, 1, 'terminal', 'papers', 'off UTC', 'thread', '2026-03-04T12:00:00.000000', 0);
    INSERT INTO members (id, workspace_id, member, name) VALUES (1, 1, 'ann', 'ann');
    INSERT INTO papers VALUES (202603000001, '2603.00001', 1, '2026-03-04', 1, '2026-03-03T15:00:00.000000',
        '2026-03-03T15:00:00.000000', '["cs.CL"]', '["Ada Post"]', 'A study', 'We deliver.', NULL, NULL, NULL);
    INSERT INTO kept VALUES (202603000001);
    INSERT INTO saves (member_id, paper, channel_id, saved_at)
        VALUES (1, 202603000001, 1, '2026-03-04T12:00:00.000000');
"""
"""A save as an earlier version wrote it."""


def made_by(path: Path, step: str) -> None:
    """A file as the version that ended with ``step`` made it."""
    steps = migrations.STEPS
    with closing(sqlite3.connect(path)) as connection:
        db = sqlite_utils.Database(connection)
        following = steps[steps.index(step) + 1 :]
        migrations.MIGRATIONS.apply(db, stop_before=following[:1])


def test_the_list_of_steps_is_complete_and_in_order() -> None:
    with closing(sqlite_utils.Database(memory=True)) as db:
        registered = migrations.MIGRATIONS.pending(db)
    assert tuple(step.name for step in registered) == migrations.STEPS
    assert list(migrations.STEPS) == [f"{number:04}" for number in range(1, len(migrations.STEPS) + 1)]


def schema_of(path: Path) -> list[tuple[object, ...]]:
    return rows(path.parent, "SELECT type, name, sql FROM sqlite_master ORDER BY name", name=path.name)


@pytest.mark.parametrize("step", migrations.STEPS)
async def test_an_earlier_file_is_upgraded_in_place(tmp_path: Path, step: str) -> None:
    made_by(tmp_path / "old.db", step)
    async with open_store(tmp_path, "old.db") as store:
        await watch(store, "delivery")
        await poll(store, papers_of(TODAY, 1, 1))
        assert len(await store.waiting(CHANNEL)) == 1
    async with open_store(tmp_path, "new.db"):
        pass
    assert schema_of(tmp_path / "old.db") == schema_of(tmp_path / "new.db")
    assert rows(tmp_path, "PRAGMA application_id", name="old.db") == [(migrations.APPLICATION_ID,)]


async def test_what_was_saved_before_there_were_links_is_there_after_the_upgrade(tmp_path: Path) -> None:
    made_by(tmp_path / "paperroute.db", "0002")
    with closing(sqlite3.connect(tmp_path / "paperroute.db")) as connection:
        connection.executescript(SAVED)
    async with open_store(tmp_path) as store:
        assert [save.paper.id for save in await store.saved_by(ANN, limit=9)] == ["2603.00001"]
        assert [save.member for save in await store.saved_in(CHANNEL, limit=9)] == [ANN]
        assert [place.saves for place in await store.top("console", "local", since=None, limit=9)] == [1]
        assert await store.team("console", "local") == []
        assert await store.accounts(ANN) == []


WATCHED = """
    INSERT INTO queries (id, canonical, compiled, watches) VALUES (1, 'delivery', x'', 1);
    INSERT INTO watches (channel_id, query_id, typed, made_by, made_at, since)
        VALUES (1, 1, 'delivery', 1, '2026-03-04T12:00:00.000000', '2026-03-04');
    INSERT INTO matches VALUES (202603000001, 1);
    INSERT INTO deliveries (channel_id, paper, state, late) VALUES (1, 202603000001, 0, 0);
    INSERT INTO posts (id, key, channel_id, kind, heading, text, part, parts, composed, not_before, made_at, state,
        message, receipt) VALUES (1, 'k', 1, 'digest', 'News', '', 1, 1, 1, '2026-03-04T12:00:00.000000',
        '2026-03-04T12:00:00.000000', 'sent', 'm', '[3, 3, 1, 0]');
    INSERT INTO entries VALUES (1, 0, 1, 202603000001, 0, 0, '[]', '[]');
"""
"""A watch with a paper that waits, and a post, as the third version wrote them."""


def written_by_any() -> str:
    """SAVED and WATCHED for a file of any step: columns that came later have their defaults."""
    papers = "(ordinal, id, version, announced, recorded, published, updated, categories, authors, title, abstract,"
    entries = "(post_id, place, number, paper, owed, late, words, queries)"
    return SAVED.replace(
        "INTO papers VALUES", f"INTO papers {papers} comment, doi, journal_ref) VALUES"
    ) + WATCHED.replace("INTO entries VALUES", f"INTO entries {entries} VALUES")


async def test_what_was_watched_and_posted_before_there_were_signals_is_there_after_the_upgrade(tmp_path: Path) -> None:
    made_by(tmp_path / "paperroute.db", "0003")
    with closing(sqlite3.connect(tmp_path / "paperroute.db")) as connection:
        connection.executescript(SAVED + WATCHED)
    async with open_store(tmp_path) as store:
        (made,) = await store.watches(CHANNEL)
        assert (made.query, made.upvotes) == ("delivery", 0)
        channel = await store.channel(CHANNEL)
        assert channel is not None
        assert channel.sort is Sort.NEW
        (delivery,) = await store.waiting(CHANNEL)
        assert (delivery.queries, delivery.risen, delivery.signal) == (("delivery",), False, None)
        post = await store.post_of(MessageRef(CHANNEL, "m"))
        assert post is not None
        assert post.receipt == Receipt(3, 3, 1)
        assert [entry.signal for entry in post.entries] == [None]


async def test_what_waited_before_there_was_bulk_goes_out_after_the_upgrade(tmp_path: Path) -> None:
    made_by(tmp_path / "paperroute.db", "0006")
    with closing(sqlite3.connect(tmp_path / "paperroute.db")) as connection:
        connection.executescript(SAVED)
        connection.executescript(PENDING)
    async with open_store(tmp_path) as store:
        assert await store.next_attempt(["console"]) == NOW
        (item,) = await store.claim(["console"], NOW, 9)
        assert item.post.key == "k"
        assert [paper.id for paper in await store.search(Query.parse("cat:cs.*"), limit=9)] == ["2603.00001"]


PENDING = """
    INSERT INTO posts (id, key, channel_id, kind, heading, text, part, parts, composed, not_before, made_at)
        VALUES (1, 'k', 1, 'notice', '', 'Said.', 1, 1, 1, '2026-03-04T12:00:00.000000', '2026-03-04T12:00:00.000000');
    UPDATE channels SET ready_at = '2026-03-04T12:00:00.000000' WHERE id = 1;
"""
"""A post that waits, as the sixth version wrote it."""


@pytest.mark.parametrize("step", migrations.STEPS)
async def test_from_every_earlier_schema_everything_is_kept_and_work_goes_on(tmp_path: Path, step: str) -> None:
    """A save, a watch, a paper that waits and a post that was sent, written by each earlier version."""
    made_by(tmp_path / "paperroute.db", step)
    with closing(sqlite3.connect(tmp_path / "paperroute.db")) as connection:
        connection.executescript(written_by_any())
    before = rows(tmp_path, "SELECT count(*) FROM deliveries")
    async with open_store(tmp_path) as store:
        assert [save.paper.id for save in await store.saved_by(ANN, limit=9)] == ["2603.00001"]
        assert [made.query for made in await store.watches(CHANNEL)] == ["delivery"]
        assert [delivery.queries for delivery in await store.waiting(CHANNEL)] == [("delivery",)]
        post = await store.post_of(MessageRef(CHANNEL, "m"))
        assert post is not None
        assert [entry.paper.id for entry in post.entries] == ["2603.00001"]
        assert rows(tmp_path, "SELECT count(*) FROM deliveries") == before
        # The next announcement is matched, composed, sent; what waited goes with it, once.
        await poll(store, papers_of(TODAY, 11, 2))
        await compose(store, 1)
        (item,) = await store.claim(["console"], NOW, 9)
        assert [entry.paper.id for entry in item.post.entries] == ["2603.00012", "2603.00011", "2603.00001"]
        assert await store.sent(item.post.key, MessageRef(CHANNEL, "n"), NOW)
        assert len(await store.search(Query.parse("deliver"), limit=9)) == 3
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path, "PRAGMA foreign_key_check") == []


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "paperroute.db").touch()
    async with open_store(tmp_path) as store:
        await store.beat(NOW)


async def test_a_first_start_that_was_killed_is_begun_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "paperroute.db")) as connection:
        migrations.MIGRATIONS.ensure_migrations_table(sqlite_utils.Database(connection))
    async with open_store(tmp_path) as store:
        await store.beat(NOW)


async def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    made_by(tmp_path / "paperroute.db", migrations.STEPS[0])
    before = schema_of(tmp_path / "paperroute.db")
    steps = Migrations("paperroute")
    steps(name=migrations.STEPS[0])(lambda _: None)

    @steps(name="broken")
    def _broken(db: sqlite_utils.Database) -> None:
        db.execute("CREATE TABLE half (a)")
        db.execute("no SQL at all")

    connection = sqlite3.connect(tmp_path / "paperroute.db")
    with closing(connection), pytest.raises(sqlite3.OperationalError):
        steps.apply(sqlite_utils.Database(connection))
    assert schema_of(tmp_path / "paperroute.db") == before


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_later_version_s_file_is_refused_untouched(tmp_path: Path, read_only: bool) -> None:
    async with open_store(tmp_path):
        pass
    path = tmp_path / "paperroute.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('paperroute', '9999', '')"
        )
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreNewerError) as caught:
        await SqliteStore.open(path, read_only=read_only)
    assert str(caught.value).startswith(f"The database {path} was written by a later version of paperroute.")
    assert path.read_bytes() == before
    # The lock is free again.
    with pytest.raises(StoreNewerError):
        await SqliteStore.open(path, read_only=read_only)


async def test_a_new_normaliser_makes_the_index_and_the_queries_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_store(tmp_path) as store:
        await watch(store, "delivery")
        await store.add_papers(papers_of(TODAY, 1, 5))
    with closing(sqlite3.connect(tmp_path / "paperroute.db")) as connection:
        connection.execute("UPDATE state SET value = '0' WHERE name = 'index made with words'")
        connection.execute("INSERT INTO full_text (full_text) VALUES ('delete-all')")
        connection.execute("UPDATE state SET value = '0' WHERE name = 'queries compiled with'")
        connection.execute("UPDATE queries SET compiled = x'00'")
        connection.execute("INSERT INTO queries (canonical, compiled) VALUES ('Reward MODELS', x'00')")
        connection.execute("INSERT INTO queries (canonical, compiled, watches) VALUES ('(', x'00', 1)")
        connection.execute("INSERT INTO queries (canonical, compiled) VALUES ('deliveries', x'00')")
        connection.commit()
    caplog.set_level(logging.INFO)
    async with open_store(tmp_path) as store:
        assert len(await store.search(Query.parse("delivery"), limit=9)) == 5
        assert [block async for block in store.queries()] == [QueryBlock([1], Query.parse("delivery").compiled)]
    assert rows(tmp_path, "SELECT canonical, length(compiled) > 1 FROM queries ORDER BY id") == [
        ("delivery", 1), ("model reward", 1), ("(", 0), ("deliveries", 1)
    ]  # fmt: skip
    assert "Making the full-text index again" in caplog.text
    assert "The watched query `(` cannot be read any more" in caplog.text


async def test_a_watch_that_cannot_be_read_any_more_stops_nothing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await watch(store, "delivery")
        await watch(store, "zebra")
        await store._database.write(lambda db: db.execute("UPDATE queries SET canonical = '(' WHERE id = 2"))
        await store._database.read(lambda db: rewording.reword(db, NORMALIZER_VERSION + 1))
        await poll(store, papers_of(TODAY, 1, 1))
        assert len(await store.waiting(CHANNEL)) == 1


async def test_an_index_that_was_half_made_is_finished(tmp_path: Path) -> None:
    papers = papers_of(TODAY, 1, 9)
    async with open_store(tmp_path) as store:
        await store.add_papers(papers)

        def interrupted(db: sqlite_utils.Database) -> None:
            db.execute("UPDATE state SET value = '0' WHERE name = 'index made with words'")
            db.execute("INSERT INTO full_text (full_text) VALUES ('delete-all')")
            db.execute(
                "INSERT OR REPLACE INTO state VALUES ('index being made with words', ?)", (str(NORMALIZER_VERSION),)
            )
            db.execute("INSERT OR REPLACE INTO state VALUES ('index made up to', '202603000004')")

        await store._database.write(interrupted)
    async with open_store(tmp_path) as store:
        # The first papers are not in this index, which shows that it was not begun anew.
        found = await store.search(Query.parse("delivery"), limit=99)
        assert [paper.id for paper in found] == [paper.id for paper in reversed(papers[4:])]


async def queries_of_the_first_format(folder: Path, number: int) -> None:
    """A store with so many queries as the first compiler wrote them: a byte of version, then text."""
    async with open_store(folder):
        pass
    with closing(sqlite3.connect(folder / "paperroute.db")) as connection:
        connection.executemany(
            "INSERT INTO queries (canonical, compiled, watches) VALUES (?, ?, 1)",
            ((f"word{n}", b"\x01word%d" % n) for n in range(number)),
        )
        connection.execute(
            "UPDATE state SET value = ? WHERE name = 'queries compiled with'", (f"{NORMALIZER_VERSION}.1",)
        )
        connection.commit()


async def test_queries_of_the_first_format_are_compiled_again(tmp_path: Path) -> None:
    number = rewording.SLICE + 5
    await queries_of_the_first_format(tmp_path, number)
    async with open_store(tmp_path) as store:
        blocks = [block async for block in store.queries()]
    compiled = b"".join(Query.parse(f"word{n}").compiled for n in range(number))
    assert blocks == [QueryBlock(list(range(1, number + 1)), compiled)]
    # Another start finds nothing to do: the rows stay as they are.
    with closing(sqlite3.connect(tmp_path / "paperroute.db")) as connection:
        connection.execute("UPDATE queries SET compiled = x'00'")
        connection.commit()
    async with open_store(tmp_path):
        pass
    assert rows(tmp_path, "SELECT DISTINCT compiled FROM queries") == [(b"\0",)]


async def test_compiling_goes_on_after_a_kill(tmp_path: Path) -> None:
    await queries_of_the_first_format(tmp_path, 3 * rewording.SLICE)
    connection = sqlite3.connect(tmp_path / "paperroute.db", isolation_level=None)
    with closing(connection):
        # The second slice meets a full disk, or whatever ends the process there.
        connection.execute(
            f"CREATE TRIGGER killed BEFORE UPDATE OF compiled ON queries WHEN old.id = {rewording.SLICE + 7}"
            " BEGIN SELECT raise(ABORT, 'killed'); END"
        )
        db = sqlite_utils.Database(connection)
        with pytest.raises(sqlite3.IntegrityError, match="killed"):
            rewording.reword(db)
        done = "SELECT count(*), max(id) FROM queries WHERE substr(compiled, 1, 1) = x'02'"
        assert connection.execute(done).fetchone() == (rewording.SLICE, rewording.SLICE)
        connection.execute("DROP TRIGGER killed")
        # The first slice is not done again.
        connection.execute("UPDATE queries SET compiled = x'00' WHERE id = 1")
        rewording.reword(db)
        assert connection.execute(done).fetchone() == (3 * rewording.SLICE - 1, 3 * rewording.SLICE)


async def test_an_index_is_made_in_slices(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.add_papers(papers_of(TODAY, 1, rewording.SLICE + 5))
        await store._database.read(lambda db: rewording.reword(db, NORMALIZER_VERSION + 1))
        assert len(await store.search(Query.parse("delivery"), limit=9_999)) == rewording.SLICE + 5


async def test_a_foreign_file_with_our_number_but_no_steps_is_not_taken_for_a_store(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        connection.execute("CREATE TABLE papers (a)")
    with pytest.raises(StoreError):
        await SqliteStore.open(tmp_path / "x.db")
