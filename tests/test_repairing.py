"""`paperroute doctor --repair`: whatever of a file can be read is saved, and nothing is claimed that was not done."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.repairing import mend
from bot.errors import StoreBusyError, StoreError, StoreNewerError
from bot.models import MessageRef
from bot.paper_id import ordinal
from bot.query import Query
from storage.sqlite import SqliteStore, copying, migrations
from storage.sqlite.pages import PageError, Pages, Tree
from storage.sqlite.piecing import id_of
from storage.sqlite.repairing import Report, rescue
from tests.factories import ANN, CHANNEL
from tests.store_kit import NOW, TODAY, compose, open_store, papers_of, poll, rows, watch
from tests.test_store_migrations import made_by, written_by_any

PAGE = 4096
T = TypeVar("T")
TABLES = ("watches", "saves", "deliveries", "posts", "channels", "papers", "entries", "members", "queries")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small store with something in every table that matters, as a file."""
    folder = tmp_path_factory.mktemp("whole")

    async def fill(store: SqliteStore) -> None:
        await watch(store, "delivery")
        await watch(store, "zebra")
        for day in range(4):
            found = papers_of(TODAY, 1 + 40 * day, 40, abstract="We deliver letters. " * (1 + 60 * (day == 2)))
            await poll(store, found)
            (post,) = await compose(store, day + 1)
            await store.claim(["console"], NOW, 9)
            await store.sent(post.key, MessageRef(CHANNEL, f"m{day}"), NOW)
        await poll(store, papers_of(TODAY, 301, 30))
        for number in range(1, 31):
            await store.save(ANN, CHANNEL, f"2603.{number:05}", NOW)

    in_store(folder, fill)
    return (folder / "paperroute.db").read_bytes()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "paperroute.db"


def in_store(folder: Path, work: Callable[[SqliteStore], Awaitable[T]]) -> T:
    """What ``work`` gives with the folder's store open."""

    async def opened() -> T:
        async with open_store(folder) as store:
            return await work(store)

    return asyncio.run(opened())


def counts(path: Path) -> dict[str, int]:
    return {table: rows(path.parent, f"SELECT count(*) FROM {table}", name=path.name)[0][0] for table in TABLES}  # noqa: S608


def page_of(content: bytes, table: str) -> int:
    """The number of a table's first page."""
    with closing(sqlite3.connect(":memory:")) as connection:
        # Not in WAL mode, which there is none of in memory.
        connection.deserialize(content[:18] + b"\1\1" + content[20:])
        return int(connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0])


def leaf_of(content: bytes, table: str) -> int:
    """The number of a page with rows of a table."""
    page = page_of(content, table)
    while content[(page - 1) * PAGE] in {2, 5}:
        page = int.from_bytes(content[(page - 1) * PAGE + 8 : (page - 1) * PAGE + 12], "big")
    return page


def overwritten(content: bytes, page: int, with_: bytes = b"\xa5" * PAGE) -> bytes:
    return content[: (page - 1) * PAGE] + with_ + content[page * PAGE :]


def repaired(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = mend(path)
    return status, capsys.readouterr().out


def test_a_whole_file_is_left_alone(place: Path, whole: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    place.write_bytes(whole)
    assert repaired(place, capsys) == (0, f"The database {place} is whole: there is nothing to repair.\n")
    assert place.read_bytes() == whole


def test_a_page_of_the_full_text_index_costs_nothing(
    place: Path, whole: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    place.write_bytes(whole)
    before = counts(place)
    place.write_bytes(damaged := overwritten(whole, leaf_of(whole, "full_text_data")))
    status, said = repaired(place, capsys)
    assert status == 0, said
    assert said.endswith("Nothing was lost.\n")
    assert counts(place) == before
    (kept,) = place.parent.glob("paperroute.db.damaged-*")
    assert kept.read_bytes() == damaged
    assert f"the damaged file is kept as {kept}" in said
    assert place.stat().st_mode & 0o777 == 0o600

    async def goes_on(store: SqliteStore) -> None:
        assert len(await store.search(Query.parse("delivery"), limit=999)) == 190
        assert len(await store.waiting(CHANNEL)) == 30
        await poll(store, papers_of(TODAY, 401, 1))
        assert len(await store.waiting(CHANNEL)) == 31

    in_store(place.parent, goes_on)
    assert not list(place.parent.glob(".paperroute*"))


@pytest.mark.parametrize("table", ["papers", "deliveries", "saves", "watches", "posts", "entries", "queries"])
def test_a_damaged_page_loses_its_rows_and_no_others(
    place: Path, whole: bytes, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.write_bytes(whole)
    before = counts(place)
    place.write_bytes(overwritten(whole, leaf_of(whole, table)))
    status, said = repaired(place, capsys)
    after = counts(place)
    for other in TABLES:
        line = re.search(rf"^  {other}: ([\d,]+) rows? kept, (.*) lost$", said, re.MULTILINE)
        if line is None:
            assert after[other] == before[other], said
        elif line[2] != "an unknown number":
            holders = rows(place.parent, "SELECT 1 FROM papers WHERE title LIKE 'This paper_s title was lost%'")
            kept = after[other] - (len(holders) if other == "papers" else 0)
            assert (int(line[1]), int(line[1]) + int(line[2])) == (kept, before[other]), said
    if table == "deliveries":
        assert after["deliveries"] >= 160, "what was posted follows from the posts"
    if table == "papers":
        # All saves are there, and what they refer to is asked for again.
        assert after["saves"] == 30
        assert "will be fetched again" in said
    if table == "queries":
        assert "2 queries made again from what was typed." in said
        assert after["watches"] == 2
    assert status == (0 if "Nothing was lost." in said else 1)
    assert copying.look_over(place).step == migrations.STEPS[-1]
    assert rows(place.parent, "PRAGMA foreign_key_check") == []


def test_a_lost_place_in_the_sequence_is_said_and_no_other(
    place: Path, whole: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    for table, lost in (("state", True), ("saves", False)):
        place.write_bytes(overwritten(whole, leaf_of(whole, table)))
        assert ("How far arXiv was read is lost" in repaired(place, capsys)[1]) == lost


def test_an_inner_page_loses_nothing(place: Path, whole: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """The way to the leaves is lost; they are known by what stands on them."""
    root = page_of(whole, "papers")
    assert whole[(root - 1) * PAGE] == 5
    place.write_bytes(overwritten(whole, root))
    status, said = repaired(place, capsys)
    assert (status, counts(place)["papers"]) == (0, 190), said


@pytest.mark.parametrize("part", [0.2, 0.5, 0.75, 0.95])
def test_a_file_that_is_cut_off(place: Path, whole: bytes, part: float, capsys: pytest.CaptureFixture[str]) -> None:
    place.write_bytes(whole)
    before = counts(place)
    place.write_bytes(whole[: int(len(whole) * part)])
    _, said = repaired(place, capsys)
    after = counts(place)
    assert all(after[table] <= before[table] for table in TABLES if table != "papers")
    assert after["channels"] == 1
    assert after["watches"] == 2
    assert rows(place.parent, "PRAGMA foreign_key_check") == []
    assert "lost" in said


def test_what_was_posted_is_not_posted_again_after_a_loss_of_deliveries(place: Path, whole: bytes) -> None:
    place.write_bytes(overwritten(whole, leaf_of(whole, "deliveries")))
    mend(place)

    async def once_more(store: SqliteStore) -> None:
        waiting = {delivery.paper.id for delivery in await store.waiting(CHANNEL)}
        assert not waiting & {f"2603.{number:05}" for number in range(1, 161)}
        # arXiv gives them once more, as after a lost place in its sequence.
        await poll(store, papers_of(TODAY, 1, 160))
        assert {delivery.paper.id for delivery in await store.waiting(CHANNEL)} == waiting

    in_store(place.parent, once_more)


def test_what_stands_in_the_log_of_a_killed_bot_is_read(place: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed" / "paperroute.db"
    killed.parent.mkdir()

    async def fill(store: SqliteStore) -> None:
        await watch(store, "delivery")
        await poll(store, papers_of(TODAY, 1, 50))
        for suffix in ("", "-wal"):
            killed.with_name(killed.name + suffix).write_bytes(place.with_name(place.name + suffix).read_bytes())

    in_store(tmp_path, fill)
    log = killed.with_name(killed.name + "-wal")
    whole_log = log.read_bytes()
    with killed.open("rb") as file:
        pages = Pages(file, log)
        catalogue = [values for found in pages.rows(Tree(1)) for _, values in found]
        (root,) = [row[3] for row in catalogue if row[:2] == ["table", "papers"]]
        assert isinstance(root, int)
        tree = Tree(root)
        assert sum(len(found) for found in pages.rows(tree)) == 50
    made = tmp_path / "made.db"
    made.touch()
    report = rescue(killed, made, NOW)
    assert report.complete
    assert counts(made)["papers"] == 50
    # A log whose beginning is gone: what was written last is lost, and said to be.
    log.write_bytes(b"\0" * 64 + whole_log[64:])
    killed.write_bytes(place.read_bytes())
    other = tmp_path / "other.db"
    other.touch()
    assert rescue(killed, other, NOW).log_lost


def test_a_lost_log_has_everything_read_back(place: Path, whole: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    place.write_bytes(overwritten(whole, leaf_of(whole, "saves")))
    place.with_name("paperroute.db-wal").write_bytes(b"nothing that a log begins with" * 9)
    status, said = repaired(place, capsys)
    assert status == 1
    assert "stood in a log that cannot be read" in said
    assert len(rows(place.parent, "SELECT 1 FROM state WHERE name LIKE 'restored: held %'")) == 1
    (kept,) = place.parent.glob("paperroute.db.damaged-*-wal")
    assert kept.read_bytes().startswith(b"nothing")


@pytest.mark.parametrize("step", migrations.STEPS)
def test_an_earlier_file_is_repaired_and_upgraded(place: Path, step: str, tmp_path: Path) -> None:
    made_by(place, step)
    with closing(sqlite3.connect(place)) as connection:
        connection.executescript(written_by_any())
    content = place.read_bytes()
    place.write_bytes(overwritten(content, leaf_of(content, "full_text_data")))
    mend(place)

    async def goes_on(store: SqliteStore) -> None:
        assert [save.paper.id for save in await store.saved_by(ANN, limit=9)] == ["2603.00001"]
        assert [made.query for made in await store.watches(CHANNEL)] == ["delivery"]
        assert len(await store.search(Query.parse("deliver"), limit=9)) == 1

    in_store(tmp_path, goes_on)


def test_what_is_no_store_or_has_nothing_left_is_refused_untouched(place: Path, whole: bytes) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        mend(place)
    for content in (b"", b"x" * 9_000, whole[:50], overwritten(whole, 1), b"\0" * len(whole)):
        place.write_bytes(content)
        with pytest.raises(StoreError, match=r"Nothing of the database .* can be read|paperroute restore"):
            mend(place)
        assert place.read_bytes() == content
        assert not [path for path in place.parent.iterdir() if not path.name.startswith("paperroute.db")]
        assert not list(place.parent.glob("*damaged*"))


def test_it_is_refused_while_the_bot_runs_and_for_a_later_version(tmp_path: Path, place: Path) -> None:
    async def runs(_: SqliteStore) -> None:
        with pytest.raises(StoreBusyError):
            mend(place)

    in_store(tmp_path, runs)
    with closing(sqlite3.connect(place)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('paperroute', '9999', '')"
        )
        connection.commit()
    with pytest.raises(StoreNewerError):
        mend(place)
    content = place.read_bytes()
    place.write_bytes(overwritten(content, leaf_of(content, "full_text_data")))
    with pytest.raises(StoreNewerError):
        mend(place)


def test_the_number_of_a_paper_says_which_it_is() -> None:
    for paper_id in ("2603.00001", "1706.03762", "1412.6980", "0704.0001", "hep-th/9901001", "math/0309136"):
        assert id_of(ordinal(paper_id)) == paper_id
    assert id_of(202613000001) is None
    assert id_of(199901099001) is None
    assert id_of(-5) is None


def pieces() -> Iterator[st.SearchStrategy[tuple[float, bytes]]]:
    yield st.tuples(st.floats(0.0, 1.0), st.binary(min_size=1, max_size=64))
    yield st.tuples(st.floats(0.0, 1.0), st.sampled_from([b"\0" * PAGE, b"\xff" * 600, b"\x0d" * PAGE, b"\x05" * 9]))


@settings(max_examples=25)
@given(st.lists(st.one_of(*pieces()), min_size=1, max_size=4), st.floats(0.05, 1.0))
def test_whatever_is_overwritten_or_cut_the_result_is_whole(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[float, bytes]], length: float
) -> None:
    """No crash, no row made up, nothing left hanging, and every figure of the report holds."""
    content = bytearray(whole)
    for place, piece in damage:
        start = int(place * (len(content) - len(piece)))
        content[start : start + len(piece)] = piece
    folder = tmp_path_factory.mktemp("damage")
    (folder / "x.db").write_bytes(content[: max(PAGE, int(len(content) * length))])
    (folder / "made.db").touch()
    try:
        report = rescue(folder / "x.db", folder / "made.db", NOW)
    except StoreError as error:
        assert "\n" not in str(error)  # noqa: PT017  either is right
        return
    _holds(folder, report)


def _holds(folder: Path, report: Report) -> None:
    assert rows(folder, "PRAGMA integrity_check", name="made.db") == [("ok",)]
    assert rows(folder, "PRAGMA foreign_key_check", name="made.db") == []
    for table, saved in report.tables.items():
        (there,) = rows(folder, f"SELECT count(*) FROM [{table}]", name="made.db")[0]  # noqa: S608
        assert saved.kept <= there
        assert table in {"papers", "members"} or saved.kept == there
        assert saved.lost is None or saved.lost >= 0


def test_a_circle_of_pages_is_no_endless_way(whole: bytes, tmp_path: Path) -> None:
    root = page_of(whole, "papers")
    start = (root - 1) * PAGE
    content = bytearray(whole)
    content[start + 8 : start + 12] = root.to_bytes(4, "big")
    (tmp_path / "x.db").write_bytes(content)
    with (tmp_path / "x.db").open("rb") as file:
        pages = Pages(file, None)
        tree = Tree(root)
        assert sum(len(found) for found in pages.rows(tree)) < 190
        assert tree.damaged == 1
        with pytest.raises(PageError):
            pages.page(10**9)


def test_what_was_packed_stays_packed(place: Path, tmp_path: Path) -> None:
    async def fill(store: SqliteStore) -> None:
        await watch(store, "delivery")
        await poll(store, papers_of(TODAY, 1, 5))
        (post,) = await compose(store, 1)
        await store.claim(["console"], NOW, 9)
        await store.sent(post.key, MessageRef(CHANNEL, "m"), NOW)
        await store.pack(TODAY + timedelta(days=200), 0, 99)

    in_store(tmp_path, fill)
    content = place.read_bytes()
    place.write_bytes(overwritten(content, leaf_of(content, "full_text_data")))
    assert mend(place) == 0
    assert rows(tmp_path, "SELECT month, papers FROM packed") == [(202603, "[1,2,3,4,5]")]
    assert rows(tmp_path, "SELECT count(*) FROM deliveries") == [(0,)]
    assert rows(tmp_path, "PRAGMA auto_vacuum") == [(2,)]
    # Where the list is lost, the posts still say what was given.
    place.write_bytes(overwritten(content, leaf_of(content, "packed")))
    assert mend(place) == 1
    assert rows(tmp_path, "SELECT count(*) FROM deliveries WHERE state = 1") == [(5,)]
