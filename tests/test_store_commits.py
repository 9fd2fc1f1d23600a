"""Writes that wait together are committed together, and each is all or nothing by itself."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from bot.errors import StoreError
from storage.sqlite import SqliteStore
from storage.sqlite.commits import Commits
from tests.store_kit import NOW, busy, open_store, rows

NAMES = "SELECT name FROM state WHERE name LIKE 'test %' ORDER BY name"


def put(name: str) -> Callable[[sqlite_utils.Database], str]:
    """A write that leaves its name behind."""

    def work(db: sqlite_utils.Database) -> str:
        db.execute("INSERT INTO state VALUES (?, '')", (f"test {name}",))
        return name

    return work


def failing(name: str) -> Callable[[sqlite_utils.Database], str]:
    """One that raises when it is half done."""

    def work(db: sqlite_utils.Database) -> str:
        put(name)(db)
        raise ZeroDivisionError(name)

    return work


async def all_at_once(store: SqliteStore, *works: Callable[[Any], Any], apart: tuple[int, ...] = ()) -> list[Any]:
    """What comes of writes that wait together, in their order: results and errors."""
    writing = [
        asyncio.ensure_future(store._database.write(work, apart=place in apart)) for place, work in enumerate(works)
    ]
    await asyncio.sleep(0)
    return writing


async def ends(writing: list[Any]) -> list[Any]:
    return [str(end) for end in await asyncio.gather(*writing, return_exceptions=True)]


async def test_an_error_that_no_future_takes_keeps_nobody_waiting(tmp_path: Path) -> None:
    def stop(db: sqlite_utils.Database) -> str:
        raise StopIteration("no row")

    async with open_store(tmp_path) as store:
        async with busy(store):
            writing = await all_at_once(store, put("a"), stop, put("b"))
        async with asyncio.timeout(10):
            first, failed, last = await asyncio.gather(*writing, return_exceptions=True)
    assert (first, last) == ("a", "b")
    assert isinstance(failed, RuntimeError)
    assert isinstance(failed.__cause__, StopIteration)


async def test_writes_that_wait_share_one_commit(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        async with busy(store) as statements:
            writing = await all_at_once(store, *map(put, "abcde"))
        assert await ends(writing) == list("abcde")
        assert statements == ["BEGIN", "COMMIT"]
        assert rows(tmp_path, NAMES) == [(f"test {name}",) for name in "abcde"]


async def test_one_that_comes_alone_waits_for_nobody(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        async with busy(store) as statements:
            pass
        for name in "ab":
            assert await store._database.write(put(name)) == name
            assert (f"test {name}",) in rows(tmp_path, NAMES)
        assert statements == ["BEGIN", "COMMIT"] * 2


@pytest.mark.parametrize("place", [0, 1, 3])
async def test_one_that_raises_takes_nobody_along(tmp_path: Path, place: int) -> None:
    works: list[Callable[[Any], Any]] = [put(name) for name in "abc"]
    works.insert(place, failing("x"))
    async with open_store(tmp_path) as store:
        async with busy(store):
            writing = await all_at_once(store, *works)
        assert sorted(await ends(writing)) == ["a", "b", "c", "x"]
        assert isinstance(writing[place].exception(), ZeroDivisionError)
        assert rows(tmp_path, NAMES) == [("test a",), ("test b",), ("test c",)]


async def test_when_the_commit_fails_all_of_them_fail(tmp_path: Path) -> None:
    def hanging(db: sqlite_utils.Database) -> None:
        # Such a check comes with the commit.
        db.execute("PRAGMA defer_foreign_keys = ON")
        db.execute("INSERT INTO kept (paper) VALUES (1)")

    async with open_store(tmp_path) as store:
        async with busy(store):
            writing = await all_at_once(store, put("a"), hanging, put("b"))
        await ends(writing)
        errors = [each.exception() for each in writing]
        assert [type(error) for error in errors] == [StoreError] * 3
        assert len(set(map(id, errors))) == 3
        assert rows(tmp_path, NAMES) == []
        assert await store._database.write(put("c")) == "c"


async def test_when_the_transaction_is_lost_all_of_them_fail(tmp_path: Path) -> None:
    def losing(db: sqlite_utils.Database) -> None:
        db.execute("INSERT INTO state VALUES ('lost', '')")

    async with open_store(tmp_path) as store:
        await store._database.read(
            lambda db: db.execute(
                "CREATE TEMP TRIGGER lose BEFORE INSERT ON main.state WHEN new.name = 'lost'"
                " BEGIN SELECT RAISE(ROLLBACK, 'all is lost'); END"
            )
        )
        async with busy(store):
            writing = await all_at_once(store, put("a"), losing, put("b"))
        assert ["all is lost" in end for end in await ends(writing)] == [True, True, False]
        assert rows(tmp_path, NAMES) == [("test b",)]


async def test_one_that_is_long_joins_nobody(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        async with busy(store) as statements:
            writing = await all_at_once(store, *map(put, "abc"), apart=(1,))
        assert await ends(writing) == list("abc")
        assert statements == ["BEGIN", "COMMIT"] * 2


async def test_one_that_was_cancelled_while_it_waited_is_not_done(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        async with busy(store):
            writing = await all_at_once(store, *map(put, "abc"))
            writing[0].cancel()
            await asyncio.sleep(0)
        assert await ends(writing[1:]) == ["b", "c"]
        assert rows(tmp_path, NAMES) == [("test b",), ("test c",)]


async def test_what_waits_when_the_store_is_closed_is_done_first(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        async with busy(store):
            writing = await all_at_once(store, *map(put, "abc"))
            closing = asyncio.ensure_future(store.close())
            await asyncio.sleep(0)
        await closing
        assert await ends(writing) == list("abc")
    assert rows(tmp_path, NAMES) == [("test a",), ("test b",), ("test c",)]


async def test_nothing_joins_after_a_time(tmp_path: Path) -> None:
    db = sqlite_utils.Database(tmp_path / "some.db")
    db.execute("CREATE TABLE state (name, value)")
    commits = Commits(tmp_path / "some.db", longest=0.0)
    writing = [commits.add(put(name), apart=False) for name in "abc"]
    for number in (1, 2, 3, 3):
        commits.run(db)
        assert rows(tmp_path, "SELECT count(*) FROM state", name="some.db") == [(number,)]
    assert await ends(writing) == list("abc")
    db.close()


KILLED = """
import asyncio, os, signal, sys, threading
from pathlib import Path
from storage.sqlite import SqliteStore
from tests.test_store_commits import all_at_once, busy, put

def die(db):
    put("x")(db)
    os.kill(os.getpid(), signal.SIGKILL)

async def main() -> None:
    store = await SqliteStore.open(Path(sys.argv[1]))
    print(await store._database.write(put("before")), flush=True)
    async with busy(store):
        writing = await all_at_once(store, put("a"), put("b"), die)
    for each in asyncio.as_completed(writing):
        print(await each, flush=True)

asyncio.run(main())
"""


async def test_a_kill_before_the_commit_takes_all_and_had_told_nobody(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.beat(NOW)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "paperroute.db")]
    killed = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=50, check=False)
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "before\n"), killed.stderr
    assert rows(tmp_path, NAMES) == [("test before",)]
