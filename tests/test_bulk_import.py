"""`paperroute import` of arXiv's bulk metadata: over a real store, and as a process that is killed in the middle."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from bot.app.bulk_import import PART, STEPS, bring_in, import_bulk_metadata, is_bulk_metadata
from bot.app.importing import Import, import_
from bot.app.line_file import LONGEST, LineFile
from bot.config import Config
from bot.errors import CommandError, StoreBusyError, StoreError
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.snapshot_kit import line, lines, write
from tests.store_kit import open_store, rows
from tests.test_program import Program, Terminal

T = TypeVar("T")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, "http://127.0.0.1:9/nobody")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(database=tmp_path / "paperroute.db")


def stored(folder: Path) -> int:
    return int(rows(folder, "SELECT count(*) FROM papers")[0][0])


def asked(folder: Path, question: Callable[[SqliteStore], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with open_store(folder) as store:
            return await question(store)

    return asyncio.run(ask())


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_goes_into_the_archive(
    tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str], packed: bool
) -> None:
    path = write(tmp_path / "arxiv.json", [line("hep-th/9901001", title="On tides"), *lines(60)])
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert import_bulk_metadata(config, path, dry_run=False) == 0
    out, err = capsys.readouterr()
    assert (out, err) == (f"61 papers of {path} imported: 61 new.\n", "")
    found = asked(tmp_path, lambda store: store.search(Query.parse("tides"), limit=9))
    assert [paper.id for paper in found] == ["hep-th/9901001"]
    # Once more: it was complete, so it is read again, and brings nothing.
    assert import_bulk_metadata(config, path, dry_run=False) == 0
    assert capsys.readouterr().out == f"61 papers of {path} imported: 0 new, 61 known already.\n"


def test_bad_lines_are_counted_and_the_first_are_named(
    tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    good = lines(3)
    content = [
        good[0], b"nonsense", b"", line(abstract=None), b'"' + b"x" * (3 * LONGEST), good[1],
        line(authors_parsed=[["Post", "Ada", ""]] * 100_000), b"\x00\x01", good[2], good[2],
    ]  # fmt: skip
    path = write(tmp_path / "arxiv.json", content)
    assert import_bulk_metadata(config, path, dry_run=False) == 0
    out, err = capsys.readouterr()
    assert out == f"4 papers of {path} imported: 3 new, 1 known already.\n"
    assert err == (
        "paperroute: 5 lines passed over: line 2: it is not JSON; line 4: `abstract` is not the text that it should be;"
        " line 5: it has more than 2,097,152 bytes; and 2 more.\n"
    )
    assert stored(tmp_path) == 3


def test_a_file_of_bad_lines_alone_fails(tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "arxiv.json", [line(title=None)] * 5)
    assert import_(config, Import(path, "", dry_run=False)) == 1
    out, err = capsys.readouterr()
    assert out == f"0 papers of {path} imported: 0 new.\n"
    assert "5 lines passed over: line 1: `title` is not the text" in err


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda packed: packed[: len(packed) // 2], "ends in the middle of its compressed data, behind line "),
        (lambda packed: packed[:-8] + bytes(8), "has damaged compressed data, behind line "),
    ],
)
def test_what_stands_before_the_damage_stays(
    tmp_path: Path,
    config: Config,
    capsys: pytest.CaptureFixture[str],
    broken: Callable[[bytes], bytes],
    said: str,
) -> None:
    whole = write(tmp_path / "whole.json", lines(600))
    path = tmp_path / "arxiv.json.gz"
    path.write_bytes(broken(gzip.compress(whole.read_bytes())))
    assert import_bulk_metadata(config, path, dry_run=False) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"paperroute: {path} {said}")
    read = int(re.findall(r"imported up to line (\d+)", out)[0])
    assert 0 < stored(tmp_path) == read < 600
    # The whole file, fetched again, is complete.
    assert import_bulk_metadata(config, whole, dry_run=False) == 0
    assert capsys.readouterr().out.startswith(f"600 papers of {whole} imported: {600 - read} new")
    assert stored(tmp_path) == 600


def test_a_dry_run_reads_and_changes_nothing(
    tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "arxiv.json", [*lines(5), b"nonsense"])
    assert import_(config, Import(path, "", dry_run=True)) == 0
    out, err = capsys.readouterr()
    assert out == f"{path} has 5 papers for the archive; nothing was changed.\n"
    assert err == "paperroute: 1 line passed over: line 6: it is not JSON.\n"
    assert not config.database.exists()


def test_files_are_told_apart_by_their_content(
    tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_bulk_metadata(b"\xef\xbb\xbf" + line() + b"\n" + line()[:50])
    assert is_bulk_metadata(b"\n// a remark\n" + line())
    for other in (b"", b"RLHF\nreward model\n", b"<opml/>", b'{"watches": []}', bytes(1_000), b"{" * 65_536):
        assert not is_bulk_metadata(other)
    path = write(tmp_path / "arxiv.json", [b"\xef\xbb\xbf" + line()])
    assert import_(config, Import(path, "console/local/terminal", dry_run=False)) == 1
    assert capsys.readouterr().err == (
        f"paperroute: {path} is arXiv's bulk metadata, which goes into the archive for all channels."
        " Leave `--channel` out.\n"
    )
    assert import_(config, Import(path, "", dry_run=False)) == 0
    assert stored(tmp_path) == 1


async def test_a_store_that_is_served_is_left_alone(tmp_path: Path, config: Config) -> None:
    path = write(tmp_path / "arxiv.json", lines(1))
    async with open_store(tmp_path) as store:
        with pytest.raises(StoreBusyError, match="Stop it first"):
            await bring_in(config, path, asyncio.Event())
        assert (await store.archive_span()).papers == 0


async def test_a_full_disk_is_a_sentence(tmp_path: Path, config: Config) -> None:
    path = write(tmp_path / "arxiv.json", lines(2_000))
    async with open_store(tmp_path):
        pass
    with closing(sqlite3.connect(config.database)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    # Nothing is larger than the limit on files that a process may set itself.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (pages * 4_096 + 65_536, before[1]))
    try:
        with pytest.raises(StoreError, match="What was imported up to there stays"):
            await bring_in(config, path, asyncio.Event())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handled)
    assert await bring_in(config, path, asyncio.Event()) == 0
    assert stored(tmp_path) == 2_000


def test_an_import_that_was_killed_and_one_that_was_stopped_go_on_where_they_were(program: Program) -> None:
    first, second = STEPS[0] * PART, STEPS[1] * PART
    number = 2 * first + second + 50
    write(program.folder / "arxiv.json", lines(number))

    def interrupted(with_signal: signal.Signals) -> tuple[int, bytes]:
        terminal = Terminal()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "import", "arxiv.json"],
            stdout=subprocess.PIPE,
            stderr=terminal.theirs,
            cwd=program.folder,
            env=program.environment,
        )
        os.close(terminal.theirs)
        terminal.see(b"importing: ")  # drawn when the first step is stored
        process.send_signal(with_signal)
        out, _ = process.communicate(timeout=30)
        terminal.close()
        return process.returncode, out

    assert interrupted(signal.SIGKILL) == (-signal.SIGKILL, b"")
    after_kill = stored(program.folder)
    assert after_kill in {first, first + second}
    status, out = interrupted(signal.SIGTERM)
    after_stop = stored(program.folder)
    assert status == 0
    assert after_kill < after_stop <= number
    assert out.decode() == (
        f"{after_stop:,} papers of arxiv.json imported up to line {after_stop:,}: {after_stop:,} new.\n"
        "Stopped; the same command goes on from there.\n"
    )
    (program.folder / "arxiv.json").rename(program.folder / "moved.json")
    assert program.run("import", "moved.json") == (
        0,
        f"{number:,} papers of moved.json imported: {number:,} new.\n",
        f"paperroute: goes on behind line {after_stop:,} of moved.json.\n",
    )
    assert stored(program.folder) == number


def test_a_compressed_file_is_come_back_to(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain", [b"first", b"second", b"x" * (LONGEST + 9), b"third"])
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        with LineFile(path) as file:
            reading = iter(file)
            assert [next(reading), next(reading)] == [b"first\n", b"second\n"]
            place = (file.place, file.number)
        with LineFile(path) as file:
            file.go_to(*place)
            assert list(file) == [None, b"third\n"]
            assert (file.number, file.place) == (4, plain.stat().st_size)
            assert file.done == file.size == path.stat().st_size


def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: no such file or directory"):
        LineFile(tmp_path / "missing")
