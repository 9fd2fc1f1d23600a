"""What strangers name and write, on the wire: it mentions nobody, links to nothing, and is carried out by nothing."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import tracemalloc
from pathlib import Path

import pytest

from adapters.console.files import keep
from bot.app.line_file import LineFile
from bot.commands.watch_files import read
from bot.conversation import ChannelChange, ChannelChangeKind, File
from bot.errors import CommandError
from tests import discord_kit, slack_kit
from tests.commands_kit import Room
from tests.factories import make_paper
from tests.standins.clock import FakeClock
from tests.store_kit import open_store

EVIL = "@everyone <!channel> <@U0BOB> <@1> [x](https://evil.example) <https://evil.example|x> https://evil.example"
ON_SLACK = re.compile(r"<(?!https://arxiv\.org/)")
ON_DISCORD = re.compile(r"<[@#]|@everyone|\]\(https://evil|://evil")
CODE = re.compile(r"`[^`\n]*`")


def raw(body: dict[str, object]) -> str:
    """Every text of a message for which Slack would read its mark-up."""
    found = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            if value.get("type") == "mrkdwn":
                assert value["verbatim"] is True
                found.append(str(value["text"]))
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(body.get("blocks"))
    return "\n".join([*found, str(body.get("text", ""))])


async def test_reasons_queries_and_names_do_nothing_on_slack(tmp_path: Path) -> None:
    async with slack_kit.stand_in() as slack, slack_kit.running(slack, tmp_path) as bot:
        said = EVIL.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        await bot.announce([make_paper(title=EVIL, comment=EVIL, authors=(EVIL,))])
        await bot.say("watch letter")
        renamed = ChannelChange(ChannelChangeKind.RENAMED, slack_kit.READING, name=EVIL)
        await bot.inbox.channel_changed(renamed)
        shown = ""
        for text in (f'watch "{said}"', f"pause {said}", "status", "list", f"search {said}", f"show {said}", said):
            done = await bot.say(text)
            shown += "\n".join(raw(each) for each in done.responses)
        for text in ("search letter", "post 2603.00001 " + said, "save 2603.00001", "saved", "top"):
            done = await bot.say(text, user="U0BOB")
            shown += "\n".join(raw(each) for each in done.responses)
        await bot.say("resume")
        await bot.post()
        shown += "\n".join(raw(each.body) for each in slack.team.channels["C0READING"].messages)
        assert "evil" in shown
        assert not ON_SLACK.search(shown), ON_SLACK.search(shown)


async def test_reasons_queries_and_names_do_nothing_on_discord(tmp_path: Path) -> None:
    async with discord_kit.stand_in() as discord, discord_kit.running(discord, tmp_path) as bot:
        await bot.announce([make_paper(title=EVIL, comment=EVIL, authors=(EVIL,))])
        await bot.say("watch", query="letter")
        await bot.inbox.channel_changed(ChannelChange(ChannelChangeKind.RENAMED, discord_kit.CHANNEL, name=EVIL))
        large = discord.attach(f"{EVIL}`.txt", b"x", size=1_000_000)
        asked: list[tuple[str, dict[str, object]]] = [
            ("watch", {"query": f'"{EVIL}"'}),
            ("pause", {"reason": EVIL}),
            ("status", {}),
            ("list", {}),
            ("search", {"query": EVIL}),
            ("show", {"paper": EVIL}),
            ("import", {"file": large}),
            ("search", {"query": "letter"}),
            ("post", {"paper": "2603.00001", "comment": EVIL}),
            ("resume", {}),
        ]
        bodies = [(await bot.say(name, **options)).reply for name, options in asked]
        await bot.post()
        bodies += [message.body for message in bot.messages()]
        assert any("evil" in discord_kit.shown(body) for body in bodies)
        for body in bodies:
            own_links = [each.get("url", "") for each in body.get("embeds") or []]
            assert all(url.startswith("https://arxiv.org/") for url in own_links if url)
            text = CODE.sub("", discord_kit.shown(body))
            assert not ON_DISCORD.search(text), text


async def test_an_export_for_spreadsheets_carries_out_nothing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        room = Room(store, FakeClock())
        formulas = ("=HYPERLINK(0)", "+1", "-1", "@SUM(1)", "\t=1", "\r\n=1", "＝1")
        papers = [
            make_paper(f"2603.0000{number}", title=each, comment=each, authors=(each,), abstract=each)
            for number, each in enumerate(formulas, 1)
        ]
        await room.announce(papers)
        await room.say("save " + " ".join(paper.id for paper in papers))
        for text in ("saved csv", "export saved csv", "export top csv"):
            (file,) = (await room.say(text)).files
            table = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
            assert len(table) == len(papers) + 1
            for row in table:
                assert not [cell for cell in row if re.match(r"[\s]*[=+\-@＝＋－＠\t\r]", cell)], row


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/evil.txt", "..\\..\\evil.txt", ".bashrc", "..", ".", "", "a\n\x1b[2Jb.txt", "~"]
)
def test_a_file_of_a_reply_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    said = keep(File(name, "text/plain", b"content"), folder)
    (kept,) = folder.iterdir()
    assert kept.read_bytes() == b"content"
    assert not kept.name.startswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    assert said.isprintable()


def test_a_file_of_a_reply_follows_no_link_and_replaces_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    target = tmp_path / "target"
    target.write_bytes(b"theirs")
    (folder / "saved.csv").symlink_to(target)
    (folder / "saved-2.csv").symlink_to(tmp_path / "nowhere")
    assert keep(File("saved.csv", "text/csv", b"ours"), folder) == "Saved as saved-3.csv in this folder."
    assert target.read_bytes() == b"theirs"
    assert not os.path.lexists(tmp_path / "nowhere")


def test_a_million_lines_make_nothing_and_are_counted() -> None:
    with pytest.raises(CommandError, match="1,000,000 queries; a channel can have 100"):
        read("x\n" * 1_000_000)


def test_a_packed_file_that_unpacks_to_much_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(25):
            file.write(b"[" * 1_000_000)
        file.write(b"\n{}\n")
    tracemalloc.start()
    try:
        with LineFile(path) as lines:
            assert list(lines) == [None, b"{}\n"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000
