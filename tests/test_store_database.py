"""The file: who may open it, what is said when it cannot be used, and that nothing is ever half done."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import sqlite_utils

from bot.errors import StoreBusyError, StoreError
from bot.models import ArchiveSpan
from bot.ports import Store
from bot.query import Query
from storage.sqlite import SqliteStore
from storage.sqlite.faults import translated
from tests.factories import CHANNEL, make_paper
from tests.store_kit import NOW, TODAY, batch_of, make_channel, papers_of, record, rows
from tests.store_kit import open_store as open_copied

open_store = partial(open_copied, copied=False)


async def refusal(path: Path, **options: bool) -> StoreError:
    """What opening raises."""
    with pytest.raises(StoreError) as caught:
        await SqliteStore.open(path, **options)
    assert Path(caught.value.path).parent == path.parent
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    return caught.value


async def test_the_store_fulfils_its_port(tmp_path: Path) -> None:
    async with open_store(tmp_path) as opened:
        store: Store = opened
        assert await store.cursor() is None


async def test_the_file_is_private_and_in_wal_mode(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_store(tmp_path) as store:
            await make_channel(store)
            assert modes_in(tmp_path) == dict.fromkeys(
                ["paperroute.db", "paperroute.db-wal", "paperroute.db-shm", "paperroute.db.lock"], 0o600
            )

            def settings(db: sqlite_utils.Database) -> list[object]:
                names = ("journal_mode", "synchronous", "foreign_keys")
                return [db.execute("PRAGMA " + name).fetchone()[0] for name in names]

            assert await store._database.read(settings) == ["wal", 2, 1]
    finally:
        os.umask(before)
    # Everything is in the one file when the store is closed.
    assert sorted(modes_in(tmp_path)) == ["paperroute.db", "paperroute.db.lock"]


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_a_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    async with open_store(tmp_path):
        pass
    (tmp_path / "paperroute.db").chmod(0o644)
    async with open_store(tmp_path):
        assert stat.S_IMODE((tmp_path / "paperroute.db").stat().st_mode) == 0o600


async def test_the_event_loop_goes_on_while_the_store_works(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        go_on = threading.Event()
        working = asyncio.ensure_future(store._database.read(lambda _: go_on.wait(30)))
        await asyncio.sleep(0)
        assert not working.done()
        go_on.set()
        assert await working


async def test_a_second_store_on_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "paperroute.db"
    (tmp_path / "alias.db").symlink_to(path)
    async with open_store(tmp_path) as store:
        await make_channel(store)
        for name in (path, tmp_path / "alias.db"):
            error = await refusal(name)
            assert isinstance(error, StoreBusyError)
            assert error.message == f"Another paperroute is using the database {path}."
        assert await store.channel(CHANNEL) is not None
    async with open_store(tmp_path, "alias.db") as store:
        assert await store.channel(CHANNEL) is not None


OPEN_AND_PRINT = """
import asyncio, sys
from pathlib import Path
from bot.errors import PaperrouteError
from storage.sqlite import SqliteStore

async def main() -> None:
    try:
        store = await SqliteStore.open(Path(sys.argv[1]))
    except PaperrouteError as error:
        print(type(error).__name__, error)
    else:
        print("open")
        await store.close()

asyncio.run(main())
"""


def in_another_process(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)


async def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "paperroute.db"
    async with open_store(tmp_path):
        second = await asyncio.to_thread(in_another_process, OPEN_AND_PRINT, path)
        assert second.stderr == ""
        assert second.stdout.startswith(f"StoreBusyError Another paperroute is using the database {path}.")
    third = await asyncio.to_thread(in_another_process, OPEN_AND_PRINT, path)
    assert third.stdout == "open\n"


async def test_a_reader_sees_what_the_owner_writes_and_writes_nothing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        reader = await SqliteStore.open(tmp_path / "paperroute.db", read_only=True)
        await store.beat(NOW)
        assert await reader.last_beat() == NOW
        with pytest.raises(StoreError, match="cannot be written"):
            await reader.beat(NOW)
        await reader.close()
        await store.add_papers([make_paper()])
    reader = await SqliteStore.open(tmp_path / "paperroute.db", read_only=True)
    assert await reader.last_beat() == NOW
    await reader.close()


async def test_a_reader_needs_a_store_that_is_there_and_current(tmp_path: Path) -> None:
    assert "cannot be opened" in (await refusal(tmp_path / "none.db", read_only=True)).message
    assert modes_in(tmp_path) == {}
    (tmp_path / "empty.db").touch()
    error = await refusal(tmp_path / "empty.db", read_only=True)
    assert error.message == f"The database {tmp_path / 'empty.db'} was written by an earlier version of paperroute."


async def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Dear diary, this is no database. " * 100)
    text.chmod(0o640)
    assert "is not a paperroute database" in (await refusal(text)).message
    assert text.read_text().startswith("Dear diary")
    assert modes_in(tmp_path)["notes.txt"] == 0o640
    assert "is a folder" in (await refusal(tmp_path)).message
    error = await refusal(tmp_path / "no such folder" / "x.db")
    assert str(error).endswith("its folder does not exist. Make the folder, or set PAPERROUTE_DATABASE.")
    assert "not a folder" in (await refusal(text / "x.db")).message
    assert "too long" in (await refusal(tmp_path / ("x" * 300))).message
    assert "circle" in (await refusal(loop(tmp_path))).message


def loop(folder: Path) -> Path:
    (folder / "loop.db").symlink_to(folder / "loop.db")
    return folder / "loop.db"


async def test_another_program_s_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    path.chmod(0o640)
    before = path.read_bytes()
    assert (await refusal(path)).message == f"The database {path} belongs to another program."
    assert path.read_bytes() == before
    assert modes_in(tmp_path) == {"other.db": 0o640, "other.db.lock": 0o600}


async def test_a_damaged_file_is_reported_when_it_is_met(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.add_papers(papers_of(TODAY, 1, 200))
    path = tmp_path / "paperroute.db"
    content = bytearray(path.read_bytes())
    for start in range(4096 * 40, len(content), 4096):
        content[start : start + 200] = b"\xff" * 200
    path.write_bytes(content)
    assert "is damaged" in (await first_error(path)).message


async def test_a_truncated_file_is_damaged(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.add_papers(papers_of(TODAY, 1, 200))
    path = tmp_path / "paperroute.db"
    os.truncate(path, path.stat().st_size // 3)
    assert "is damaged" in (await first_error(path)).message


async def first_error(path: Path) -> StoreError:
    """What a start, or else reading all papers, raises: that depends on which page is damaged."""
    try:
        store = await SqliteStore.open(path)
    except StoreError as error:
        return error
    try:
        with pytest.raises(StoreError) as caught:
            await store.search(Query.parse("delivery"), limit=200)
    finally:
        await store.close()
    return caught.value


async def test_a_full_disk_loses_nothing_and_later_there_is_room_again(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await record(store, batch_of(papers_of(TODAY, 1, 5)), {}, NOW)

        def most_pages(db: sqlite_utils.Database) -> int:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count = {int(pages) + 3}").fetchone()
            return int(pages)

        await store._database.read(most_pages)
        with pytest.raises(StoreError) as caught:
            await record(store, batch_of(papers_of(TODAY, 6, 500)), {}, NOW)
        assert str(caught.value) == (
            f"The database {tmp_path / 'paperroute.db'} cannot grow: the disk is full."
            " Free some space; a paperroute that runs goes on by itself."
        )
        assert not caught.value.permanent
        assert await store.archive_span() == ArchiveSpan(5, TODAY, TODAY)
        await store._database.read(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchone())
        await record(store, batch_of(papers_of(TODAY, 6, 500)), {}, NOW)
        assert await store.archive_span() == ArchiveSpan(505, TODAY, TODAY)


async def test_a_database_locked_by_another_program_is_said_and_can_be_tried_again(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store._database.read(lambda db: db.execute("PRAGMA busy_timeout = 0").fetchone())
        with closing(sqlite3.connect(tmp_path / "paperroute.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="is locked by another program") as caught:
                await store.beat(NOW)
            assert not caught.value.permanent
        await store.beat(NOW)
        assert await store.last_beat() == NOW


async def test_a_read_only_file_or_folder_is_said(tmp_path: Path) -> None:
    # A test as root may write anywhere, so the permissions themselves cannot be tried there.
    if os.geteuid() == 0:
        for code in (errno.EACCES, errno.EROFS):
            with pytest.raises(StoreError) as caught, translated(tmp_path):
                raise OSError(code, os.strerror(code))
            assert "PAPERROUTE_DATABASE" in caught.value.hint
        return
    (tmp_path / "read only").mkdir(mode=0o500)
    assert "permission denied" in (await refusal(tmp_path / "read only" / "x.db")).message


def test_every_error_of_sqlite_and_the_system_becomes_a_sentence(tmp_path: Path) -> None:
    codes = {
        value
        for name in dir(sqlite3)
        if name.startswith("SQLITE_") and isinstance(value := getattr(sqlite3, name), int) and 0 < value < 100
    }
    for code in codes:
        error = sqlite3.OperationalError("raw words")
        error.sqlite_errorcode = code | 7 << 8
        with pytest.raises(StoreError, match=r"^The database .* (is|cannot) .*") as caught, translated(tmp_path):
            raise error
        assert caught.value.__cause__ is error
    for code in errno.errorcode:
        with pytest.raises(StoreError, match=r"^The database .* (is|cannot) .*"), translated(tmp_path):
            raise OSError(code, os.strerror(code))
    for unknown in (OSError(), sqlite3.ProgrammingError("raw words")):
        with pytest.raises(StoreError, match="cannot be used"), translated(tmp_path):
            raise unknown


def test_other_errors_are_not_the_store_s(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), translated(tmp_path):
        _ = 1 / 0


async def test_what_raises_in_a_transaction_leaves_nothing_behind(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:

        def half(db: sqlite_utils.Database) -> None:
            db.execute("INSERT INTO state VALUES ('half', 'done')")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await store._database.write(half)
        await store.beat(NOW)
    assert rows(tmp_path, "SELECT name FROM state WHERE name IN ('half', 'beat')") == [("beat",)]


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "paperroute.db")
    begun = asyncio.ensure_future(store.beat(NOW))
    await asyncio.sleep(0)
    await asyncio.gather(store.close(), store.close())
    await begun
    await store.close()
    for call in (store.last_beat(), store.beat(NOW)):
        with pytest.raises(StoreError, match="is closed"):
            await call
    assert rows(tmp_path, "SELECT count(*) FROM state WHERE name = 'beat'") == [(1,)]


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from storage.sqlite import SqliteStore
from tests.factories import CHANNEL
from tests.store_kit import NOW, TODAY, batch_of, papers_of, poll, watch

async def main() -> None:
    store = await SqliteStore.open(Path(sys.argv[1]))
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 2))
    steps = 0

    def die(_: int, *__: object) -> int:
        global steps
        steps += 1
        if steps == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    await store._database.read(lambda db: db.conn.set_progress_handler(lambda: die(0), 100))
    await poll(store, papers_of(TODAY, 3, 200))
    print("recorded")

steps = 0
asyncio.run(main())
"""


@pytest.mark.parametrize("instant", [1, 60, 200])
async def test_a_kill_in_the_middle_of_a_transaction_leaves_nothing_half_done(tmp_path: Path, instant: int) -> None:
    path = tmp_path / "paperroute.db"
    killed = await asyncio.to_thread(in_another_process, KILLED, path, instant)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout == ""
    async with open_store(tmp_path) as store:
        waiting = len(await store.waiting(CHANNEL))
        assert await store.archive_span() == ArchiveSpan(waiting, TODAY, TODAY)
        assert len(await store.search(Query.parse("delivery"), limit=999)) == waiting
        assert waiting in (2, 202)
        receipt, _ = await store.receipt(CHANNEL)
        assert receipt.checked == waiting
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path, "PRAGMA foreign_key_check") == []
