"""`paperroute backup` and `paperroute restore`: whole files or none, beside a bot that goes on."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.keeping import backup, restore
from bot.config import Config
from bot.errors import StoreBusyError, StoreError, StoreNewerError
from bot.models import MessageRef
from storage.sqlite import SqliteStore, copying
from tests.factories import ANN, CHANNEL
from tests.store_kit import NOW, TODAY, compose, open_store, papers_of, poll, rows, watch


def config(folder: Path) -> Config:
    return Config(database=folder / "paperroute.db")


async def fill(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 3))
    await store.save(ANN, CHANNEL, "2603.00001", NOW)
    for post in await compose(store, 1):
        await store.claim(["console"], NOW, 9)
        await store.sent(post.key, MessageRef(CHANNEL, "m"), NOW)


def broken(path: Path) -> None:
    """Overwrite a page in the middle."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_backup_while_the_bot_runs_is_one_private_file_with_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = os.umask(0)
    try:
        async with open_store(tmp_path) as store:
            await fill(store)
            assert backup(config(tmp_path), tmp_path / "copy", force=False) == 0
            await store.beat(NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert names(tmp_path) == ["copy", "paperroute.db", "paperroute.db.lock"]
    said = capsys.readouterr().out
    assert said.startswith(f"Backed up {tmp_path / 'paperroute.db'} to {tmp_path / 'copy'}: 3 papers, 1 watch, 1 save,")
    assert rows(tmp_path, "PRAGMA journal_mode", name="copy") == [("delete",)]
    assert copying.look_over(tmp_path / "copy").posts == 1


async def test_what_is_written_meanwhile_waits_for_nothing_and_is_not_in_the_copy(tmp_path: Path) -> None:
    """The copy is of one moment, though the bot writes between its slices."""
    async with open_store(tmp_path) as store:
        await watch(store, "delivery")
        await poll(store, papers_of(TODAY, 1, 400, abstract="delivery " * 300))
        written: list[int] = []
        failed: list[BaseException] = []

        def write() -> None:
            # Another connection, as the bot's is; it waits for nobody.
            try:
                with closing(sqlite3.connect(tmp_path / "paperroute.db", timeout=0)) as bot:
                    bot.execute("UPDATE papers SET title = 'changed' WHERE ordinal = 202603000400")
                    bot.execute("INSERT INTO state (name, value) VALUES (?, '')", (f"written {len(written)}",))
                    bot.commit()
                    written.append(1)
            except BaseException as error:
                failed.append(error)
                raise

        with copying.draft(tmp_path / "copy") as draft:
            copying.copy(tmp_path / "paperroute.db", draft, NOW, between=write)
            contents = copying.look_over(draft)
            copying.put_in_place(draft, tmp_path / "copy")
    assert not failed
    assert len(written) > 1
    assert (contents.papers, contents.taken) == (400, NOW)
    assert rows(tmp_path, "SELECT count(*) FROM papers WHERE title = 'changed'", name="copy") == [(0,)]
    assert rows(tmp_path, "SELECT count(*) FROM state WHERE name LIKE 'written %'", name="copy") == [(0,)]
    assert rows(tmp_path, "SELECT count(*) FROM state WHERE name LIKE 'written %'") == [(len(written),)]


async def test_a_backup_replaces_nothing_unless_told_to_and_never_the_store(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await fill(store)
        (tmp_path / "copy").write_text("precious")
        with pytest.raises(StoreError, match=r"exists\. Name another one, or replace it with --force\."):
            backup(config(tmp_path), tmp_path / "copy", force=False)
        assert (tmp_path / "copy").read_text() == "precious"
        assert backup(config(tmp_path), tmp_path / "copy", force=True) == 0
        assert copying.look_over(tmp_path / "copy").watches == 1
        (tmp_path / "alias").symlink_to(tmp_path / "paperroute.db")
        for own in ("paperroute.db", "paperroute.db-wal", "paperroute.db.lock", "alias"):
            with pytest.raises(StoreError, match="is the store's own"):
                backup(config(tmp_path), tmp_path / own, force=True)
        with pytest.raises(StoreError, match="is no file"):
            backup(config(tmp_path), tmp_path, force=True)
        assert len(await store.watches(CHANNEL)) == 1


async def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        backup(config(tmp_path), tmp_path / "copy", force=False)
    with pytest.raises(StoreError, match="There is no folder"):
        async with open_store(tmp_path):
            backup(config(tmp_path), tmp_path / "nowhere" / "copy", force=False)
    async with open_store(tmp_path) as store:
        await fill(store)
    broken(tmp_path / "paperroute.db")
    with pytest.raises(StoreError, match="is damaged"):
        backup(config(tmp_path), tmp_path / "copy", force=False)
    assert not [name for name in names(tmp_path) if not name.startswith("paperroute.db")]


async def test_a_restore_puts_the_backup_in_place_and_keeps_what_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(tmp_path) as store:
        await fill(store)
        backup(config(tmp_path), tmp_path / "copy", force=False)
        with pytest.raises(StoreBusyError):
            restore(config(tmp_path), tmp_path / "copy", idle=False)
        await watch(store, "moss")
    assert restore(config(tmp_path), tmp_path / "copy", idle=False) == 0
    (kept,) = [name for name in names(tmp_path) if "before-restore" in name]
    assert names(tmp_path) == ["copy", "paperroute.db", kept, "paperroute.db.lock"]
    assert rows(tmp_path, "SELECT count(*) FROM watches", name=kept) == [(2,)]
    assert stat.S_IMODE((tmp_path / "paperroute.db").stat().st_mode) == 0o600
    said = capsys.readouterr().out
    assert f"The file that was there is kept as {tmp_path / kept}." in said
    assert "It knows what was posted until 20" in said
    async with open_store(tmp_path) as store:
        assert [made.query for made in await store.watches(CHANNEL)] == ["delivery"]
        assert [save.paper.id for save in await store.saved_by(ANN, limit=9)] == ["2603.00001"]
        restored = await store.restored()
        assert restored is not None
        assert restored.held == (CHANNEL,)
        assert restored.since < restored.at


async def test_a_move_to_another_machine_has_nothing_to_read_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await fill(store)
    backup(config(tmp_path), tmp_path / "copy", force=False)
    (tmp_path / "new").mkdir()
    assert restore(config(tmp_path / "new"), tmp_path / "copy", idle=True) == 0
    async with open_store(tmp_path / "new") as store:
        assert await store.restored() is None
        assert len(await store.watches(CHANNEL)) == 1


async def test_a_file_that_is_no_good_is_refused_and_the_present_one_untouched(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await fill(store)
    backup(config(tmp_path), tmp_path / "copy", force=False)
    before = (tmp_path / "paperroute.db").read_bytes()
    (tmp_path / "text").write_text("no database at all, but quite long " * 99)
    (tmp_path / "empty").touch()
    (tmp_path / "cut").write_bytes((tmp_path / "copy").read_bytes()[:-9_000])
    (tmp_path / "broken").write_bytes((tmp_path / "copy").read_bytes())
    broken(tmp_path / "broken")
    (tmp_path / "later").write_bytes((tmp_path / "copy").read_bytes())
    with closing(sqlite3.connect(tmp_path / "later")) as connection:
        connection.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('paperroute', '9999')")
        connection.commit()
    refusals = {
        "text": "is not a paperroute database",
        "empty": "is empty",
        "cut": "is damaged",
        "broken": "is damaged",
        "later": "was written by a later version of paperroute",
        "absent": "There is no file",
        "paperroute.db": "is the store's own",
    }
    for name, said in refusals.items():
        with pytest.raises(StoreError, match=said) as caught:
            restore(config(tmp_path), tmp_path / name, idle=False)
        assert "\n" not in str(caught.value)
        assert isinstance(caught.value, StoreNewerError) == (name == "later")
    assert (tmp_path / "paperroute.db").read_bytes() == before
    assert not [name for name in names(tmp_path) if name.startswith(".") or "before" in name]


async def test_the_log_of_a_store_that_is_gone_is_not_taken_for_that_of_the_backup(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await fill(store)
        backup(config(tmp_path), tmp_path / "copy", force=False)
        wal = (tmp_path / "paperroute.db-wal").read_bytes()
        assert wal
    (tmp_path / "paperroute.db").unlink()
    (tmp_path / "paperroute.db-wal").write_bytes(wal)
    restore(config(tmp_path), tmp_path / "copy", idle=False)
    async with open_store(tmp_path) as store:
        assert len(await store.watches(CHANNEL)) == 1
    assert copying.look_over(tmp_path / "paperroute.db").saves == 1


async def test_what_a_killed_bot_left_in_its_log_is_kept_with_the_file(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await fill(store)
        backup(config(tmp_path), tmp_path / "copy", force=False)
        await watch(store, "moss")
        (tmp_path / "killed").mkdir()
        for name in ("paperroute.db", "paperroute.db-wal"):
            (tmp_path / "killed" / name).write_bytes((tmp_path / name).read_bytes())
    restore(config(tmp_path / "killed"), tmp_path / "copy", idle=False)
    (kept,) = [name for name in names(tmp_path / "killed") if "before-restore" in name]
    assert rows(tmp_path / "killed", "SELECT count(*) FROM watches", name=kept) == [(2,)]


async def test_two_restores_in_one_second_keep_both_files(tmp_path: Path) -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    kept = set()
    for _ in range(3):
        (tmp_path / "x.db").write_bytes(b"")
        kept.add(copying.move_aside(tmp_path / "x.db", now, "before-restore"))
    assert len(kept) == 3
    assert copying.move_aside(tmp_path / "x.db", now, "before-restore") is None


async def test_a_backup_blocks_no_event_loop(tmp_path: Path) -> None:
    """It runs in a process of its own; beside it, a thread that stands for the bot commits as ever."""
    async with open_store(tmp_path) as store:
        await poll(store, papers_of(TODAY, 1, 300, abstract="long " * 500))
        done = threading.Event()

        def copy() -> None:
            backup(config(tmp_path), tmp_path / "copy", force=False)
            done.set()

        thread = threading.Thread(target=copy)
        thread.start()
        beats = 0
        while not done.is_set():
            await store.beat(NOW)
            beats += 1
        thread.join()
    assert beats > 0
    assert copying.look_over(tmp_path / "copy").papers == 300
