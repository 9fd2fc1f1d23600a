"""What a person types, read as commands; a file taken along by `import`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.console.lines import MOST
from adapters.console.typed import MOST_FILE, attachment, checked, command_text, commands_in, mentions
from bot.conversation import File
from bot.errors import CommandError
from bot.models import MemberRef


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("watch RLHF", "watch RLHF"),
        ("  /papers watch RLHF  ", "watch RLHF"),
        ("papers watch RLHF", "watch RLHF"),
        ("/Papers\twatch RLHF", "watch RLHF"),
        ("/papers", ""),
        ("papers", ""),
        ("papersome", "papersome"),
        ("watch papers", "watch papers"),
        ("+1", "+1"),
        ("", None),
        (" \t ", None),
        ("# a comment", None),
        ("#", None),
        ("## a heading", None),
        ("#!/usr/bin/env paperroute", None),
        ("#cs.CL", "#cs.CL"),
    ],
)
def test_lines_as_commands(line: str, expected: str | None) -> None:
    assert command_text(line) == expected


def test_pasted_lines_are_a_command_each() -> None:
    assert commands_in("watch RLHF\nimport watches.json\nlist") == ["watch RLHF", "import watches.json", "list"]
    pasted = '/papers import {\n"watches": []\n}'
    assert commands_in(pasted) == [pasted]
    assert commands_in("") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("watch \udcff", "That is not UTF-8 text."),
        ("watch \0", "That has a NUL character in it."),
        ("x" * (MOST + 1), "That is longer than 65,536 bytes."),
    ],
)
def test_texts_the_core_cannot_take_are_refused(text: str, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        checked(text)
    assert caught.value.message == message
    assert caught.value.hint


def test_other_texts_are_taken_as_they_are() -> None:
    assert checked("watch 数学") == "watch 数学"


@pytest.mark.parametrize(
    "text", ["watch import", "import", "import ", 'import {"watches": []}', "import [1]", "imports x"]
)
def test_commands_without_a_file(text: str) -> None:
    assert attachment(text) is None


@pytest.mark.parametrize("form", ["import {}", "IMPORT '{}'", 'import   "{}"  '])
def test_import_takes_a_file_along(tmp_path: Path, form: str) -> None:
    path = tmp_path / "my watches.json"
    path.write_bytes(b'{"watches": []}')
    given = attachment(form.format(path))
    assert given is not None
    assert given[0].casefold() == "import"
    assert given[1] == File("my watches.json", "application/json", b'{"watches": []}')


def test_a_preview_takes_a_file_along(tmp_path: Path) -> None:
    path = tmp_path / "preview me"
    path.write_text("RLHF\n")
    file = File("preview me", "text/plain", b"RLHF\n")
    assert attachment(f"import preview {path}") == ("import preview", file)
    assert attachment(f"import {path}") == ("import", file)
    assert attachment('import preview {"watches": []}') is None
    pasted = 'import preview {\n"watches": []\n}'
    assert commands_in(pasted) == [pasted]


def test_a_list_of_lines_is_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "keywords"
    path.write_text("RLHF\n")
    assert attachment(f"import {path}") == ("import", File("keywords", "text/plain", b"RLHF\n"))


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "keywords.txt").write_text("RLHF\n")
    assert attachment("import ~/keywords.txt") == ("import", File("keywords.txt", "text/plain", b"RLHF\n"))


def refused(text: str) -> str:
    with pytest.raises(CommandError) as caught:
        attachment(text)
    assert caught.value.hint
    return caught.value.message


def test_a_file_that_is_not_there_never_becomes_a_watch() -> None:
    assert refused("import wathces.json") == "The file `wathces.json` cannot be read (No such file or directory)."
    assert refused("import `x`\x1b[31m") == "The file `'x'` cannot be read (No such file or directory)."
    assert refused("import ~nobody-of-that-name/x").startswith("The file `~nobody-of-that-name/x` cannot be read (")
    assert refused("import " + "x" * 5000).endswith("cannot be read (File name too long).")


def test_folders_pipes_and_devices_are_no_files(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refused(f"import {pipe}").endswith("is no file of text.")
    assert refused(f"import {tmp_path}").endswith("is no file of text.")
    assert refused("import /dev/zero") == "`/dev/zero` is no file of text."


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(b"x" * MOST_FILE)
    assert attachment(f"import {path}") is not None
    path.write_bytes(b"x" * (MOST_FILE + 1))
    assert refused(f"import {path}").endswith("is larger than 1,000,000 bytes.")


def test_on_a_console_a_members_name_is_their_id() -> None:
    ann = MemberRef("console", "local", "ann", "ann")
    bob = MemberRef("console", "local", "bob", "bob")
    assert mentions("saved @bob csv @bob", ann) == (bob,)
    assert mentions("saved bob@example.org", ann) == ()
