"""`paperroute export` and `paperroute import`: over a store that another process serves, and as processes."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from bot.app.exporting import Export, write_export
from bot.app.import_watches import MOST_BYTES, import_watches
from bot.app.whole_file import read_beginning, whole_file
from bot.config import Config
from bot.errors import CommandError, ConfigError, StoreBusyError, StoreError
from bot.models import ChannelRef, MessageRef
from storage.sqlite import SqliteStore
from tests.factories import ANN, CHANNEL
from tests.store_kit import NOW, TODAY, compose, make_channel, open_store, papers_of, poll, watch
from tests.test_program import Program

READING = ChannelRef("slack", "T1", "C1")
ARRIVALS = ChannelRef("slack", "T1", "C2")


def config(folder: Path) -> Config:
    return Config(database=folder / "paperroute.db", timezone="Europe/Berlin")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store that is being served: two channels of a Slack workspace, one of them with posts and saves."""
    async with open_store(tmp_path) as opened:
        await make_channel(opened, READING)
        await make_channel(opened, ARRIVALS, "off UTC")
        await poll(opened, papers_of(TODAY, 1, 3, title="On letters"))
        await watch(opened, "ti:letter", READING)
        await watch(opened, "moss", READING)
        await watch(opened, "steps", ARRIVALS)
        for post in await compose(opened, 1, READING):
            await opened.claim(["slack"], NOW, 9)
            await opened.sent(post.key, MessageRef(READING, "m"), NOW)
        await opened.save(replace(ANN, platform="slack", workspace="T1"), ARRIVALS, "2603.00002", NOW)
        yield opened


async def exported(folder: Path, what: str, form: str = "markdown", channel: str = "all") -> str:
    file = io.BytesIO()
    await write_export(config(folder), Export(channel, what, form, None), file)
    return file.getvalue().decode()


def ids(text: str) -> list[str]:
    return [paper["id"] for paper in json.loads(text)["papers"]]


async def test_watches_of_all_channels_make_a_page(tmp_path: Path, store: SqliteStore) -> None:
    page = await exported(tmp_path, "watches")
    assert page.startswith("# Daily papers\n\nLast update: ")
    assert page.splitlines()[2].endswith(" (Europe/Berlin)")
    assert [line for line in page.splitlines() if line.startswith("##")] == [
        "## papers (slack/T1/C1)", "### ti:letter", "### moss", "## papers (slack/T1/C2)", "### steps",
    ]  # fmt: skip
    assert page.count("<details>") == 6
    alone = await exported(tmp_path, "watches", channel="slack/T1/C1")
    assert [line for line in alone.splitlines() if line.startswith("##")] == ["## ti:letter", "## moss"]


async def test_lists_of_channels(tmp_path: Path, store: SqliteStore) -> None:
    assert sorted(ids(await exported(tmp_path, "watches", "json"))) == ["2603.00001", "2603.00002", "2603.00003"]
    assert ids(await exported(tmp_path, "channel", "json")) == ["2603.00003", "2603.00002", "2603.00001"]
    assert ids(await exported(tmp_path, "channel", "json", "slack/T1/C2")) == []
    assert ids(await exported(tmp_path, "saved", "json")) == ["2603.00002"]
    assert ids(await exported(tmp_path, "1", "json", "slack/T1/C1")) == ["2603.00003", "2603.00002", "2603.00001"]
    lists = await exported(tmp_path, "saved")
    assert lists.count("## papers (slack/T1/C") == 2
    assert lists.count("No papers yet.") == 1
    assert lists.count("- [On letters](https://arxiv.org/abs/2603.00002)") == 1


async def test_a_top_list_comes_once_a_workspace(tmp_path: Path, store: SqliteStore) -> None:
    assert (await exported(tmp_path, "top all")).count("abs/2603.00002") == 1
    assert ids(await exported(tmp_path, "TOP all", "json", "slack/T1/C1")) == ["2603.00002"]


async def test_settings_of_a_channel_are_what_import_reads(tmp_path: Path, store: SqliteStore) -> None:
    content = json.loads(await exported(tmp_path, "settings", channel="slack/T1/C1"))
    assert (content["format"], content["watches"]) == ("paperroute channel", ["ti:letter", "moss"])


@pytest.mark.parametrize(
    ("what", "channel", "said"),
    [
        ("moss", "all", "--what must be a watch's number, watches, channel, saved, top, top month, top all or"),
        ("top year", "all", "--what must be a watch's number"),
        ("settings", "all", "--channel must name one channel for settings."),
        ("2", "all", "--channel must name one channel for a watch's number."),
        (
            "watches",
            "slack/T1/C9",
            "--channel: there is no channel `slack/T1/C9`. There is slack/T1/C1 (`papers`) and slack/T1/C2 (`papers`).",
        ),
        ("watches", "C1", "--channel: there is no channel `C1`."),
    ],
)
async def test_words_that_cannot_be_used(
    tmp_path: Path, store: SqliteStore, what: str, channel: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        await exported(tmp_path, what, channel=channel)
    assert caught.value.mistakes[0].startswith(said)


async def test_without_a_store_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        await exported(tmp_path, "watches")
    assert not await asyncio.to_thread(config(tmp_path).database.exists)


def write_half(file: BinaryIO, error: Exception) -> None:
    file.write(b"half")
    raise error


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "page.md", tmp_path / "elsewhere.md"
    elsewhere.write_text("theirs")
    target.symlink_to(elsewhere)
    with whole_file(target) as file:
        file.write(b"new")
        assert target.read_text() == "theirs"
    assert (target.read_text(), elsewhere.read_text(), target.is_symlink()) == ("new", "theirs", False)
    for error, seen in ((RuntimeError(), RuntimeError), (OSError(28, "No space left on device"), CommandError)):
        with pytest.raises(seen), whole_file(target) as file:
            write_half(file, error)
    assert target.read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere.md", "page.md"]


def test_what_was_private_stays_private(tmp_path: Path) -> None:
    private, open_to_all = tmp_path / "private.md", tmp_path / "open.md"
    private.touch(0o600)
    open_to_all.touch()
    open_to_all.chmod(0o644)
    for path in (private, open_to_all):
        with whole_file(path) as file:
            file.write(b"new")
    assert [path.stat().st_mode & 0o777 for path in (private, open_to_all)] == [0o600, 0o644]


def test_what_is_no_file_is_not_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nowhere" / "page.md", Path("/dev/null")):
        with pytest.raises(CommandError), whole_file(path):
            raise AssertionError("it was opened")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def refused(path: Path, folder: Path) -> str:
    with pytest.raises(CommandError) as caught:
        import_watches(config(folder), path, "", dry_run=False)
    assert not (folder / "paperroute.db").exists()
    return caught.value.message


def test_hostile_files_are_refused_in_a_sentence_and_nothing_is_made(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(5_000_000_000)
    assert refused(path, tmp_path) == f"The file `{path}` is larger than {MOST_BYTES:,} bytes."
    path.write_bytes(gzip.compress(b"RLHF\n" * 50)[:-12])
    assert refused(path, tmp_path) == f"The packed file `{path}` is cut short or damaged."
    path.write_bytes(gzip.compress(b"a" * (MOST_BYTES + 5)))
    assert "is larger than" in refused(path, tmp_path)
    path.write_bytes(b"\x00\xff\xfe\x80")
    assert refused(path, tmp_path) == "That is not text in UTF-8."
    path.write_bytes(b"\xef\xbb\xbf \n")
    assert refused(path, tmp_path) == f"There is nothing in the file `{path}`."
    path.write_text('<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml>&x;</opml>')
    assert refused(path, tmp_path).startswith("The OPML defines entities")
    assert refused(Path("/dev/zero"), tmp_path) == "`/dev/zero` is no file."
    assert refused(tmp_path / "nothing", tmp_path).endswith("cannot be read (No such file or directory).")
    assert refused(tmp_path, tmp_path) == f"`{tmp_path}` is no file."
    assert read_beginning(path, 5) == b"<!DOC"


def test_watches_come_from_a_packed_list_in_utf_16(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "list.txt.gz"
    path.write_bytes(gzip.compress("moss\n# ours\nÉmile".encode("utf-16")))
    assert import_watches(config(tmp_path), path, "", dry_run=False) == 0
    assert import_watches(config(tmp_path), path, "console/local/terminal", dry_run=True) == 0
    assert capsys.readouterr().out == (
        "console/local/terminal: 2 watches made.\n"
        "console/local/terminal: Nothing was changed.\nImporting this would change nothing.\n"
        "2 watches are there already: `moss` and `Émile`.\n"
    )


def test_a_file_with_a_mistake_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "list.txt"
    path.write_text('moss\n"open\n')
    with pytest.raises(CommandError, match=r'Nothing was imported:\nLine 2, `"open`: '):
        import_watches(config(tmp_path), path, "", dry_run=False)
    assert import_watches(config(tmp_path), path, "", dry_run=True) == 1
    assert "What is right in it would make 1 watch:\n`moss`" in capsys.readouterr().out

    async def made() -> int:
        async with open_store(tmp_path) as opened:
            return len(await opened.watches(CHANNEL))

    assert asyncio.run(made()) == 0


async def test_where_several_channels_are_one_must_be_named(tmp_path: Path, store: SqliteStore) -> None:
    path = tmp_path / "list.txt"
    path.write_text("tides\nmoss\n")

    def take_in(channel: str, *, dry_run: bool) -> int:
        return import_watches(config(tmp_path), path, channel, dry_run=dry_run)

    with pytest.raises(ConfigError) as caught:
        await asyncio.to_thread(take_in, "", dry_run=True)
    assert caught.value.mistakes == (
        "--channel must say where the watches are to be. There is slack/T1/C1 (`papers`) and slack/T1/C2 (`papers`).",
    )
    with pytest.raises(StoreBusyError, match="Stop it first, or type `/papers import` in the channel"):
        await asyncio.to_thread(take_in, "slack/T1/C1", dry_run=False)
    assert await asyncio.to_thread(take_in, "slack/T1/C1", dry_run=True) == 0
    await store.close()
    assert await asyncio.to_thread(take_in, "slack/T1/C1", dry_run=False) == 0
    async with open_store(tmp_path) as again:
        watches = await again.watches(READING)
        assert [each.typed for each in watches] == ["ti:letter", "moss", "tides"]
        assert watches[-1].made_by.workspace == "T1"


def test_the_program_takes_in_and_gives_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = Program(tmp_path, "http://127.0.0.1:9/")
    path = tmp_path / "list.txt"
    path.write_text("moss\n(\n")
    status, output, errors = program.run("import", "list.txt")
    assert (status, output) == (1, "")
    assert errors.startswith("paperroute: Nothing was imported:\nLine 2, `(`: ")
    path.write_text("moss\n")
    assert import_watches(config(tmp_path), path, "", dry_run=False) == 0
    assert program.run("export", "--what", "settings", "--output", "out.json") == (0, "", "")
    assert json.loads((tmp_path / "out.json").read_text())["watches"] == ["moss"]
