"""Files that a reply brings along: kept in the current folder, or printed where there is nobody to open them."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.console.harmless import harmless, one_line
from bot.conversation import File


def as_text(file: File) -> str | None:
    """The content as harmless text that ends with a line feed; None when it is no UTF-8 text."""
    try:
        text = harmless(file.content.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    return text if text.endswith("\n") else text + "\n"


def keep(file: File, folder: Path) -> str:
    """Write ``file`` into ``folder`` under its name, or a free one like it; returns a sentence that says which.

    Nothing that exists is overwritten or followed. Blocks: call it off the event loop.
    """
    name = one_line(file.name.replace("\\", "/").rsplit("/", 1)[-1], 100).lstrip(".") or "paperroute.txt"
    try:
        kept = _write(folder, Path(name), file.content)
    except OSError as error:
        return f"The file {name} could not be written into this folder ({error.strerror})."
    return f"Saved as {kept} in this folder."


def _write(folder: Path, name: Path, content: bytes) -> str:
    number = 1
    while True:
        free = name.name if number == 1 else f"{name.stem}-{number}{name.suffix}"
        try:
            descriptor = os.open(folder / free, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            break
        except FileExistsError:
            number += 1
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError:
        # Half a file under a good name would be taken for a whole one.
        (folder / free).unlink()
        raise
    return free
