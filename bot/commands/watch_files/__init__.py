"""Files that make watches, told apart by what is in them: our own export, OPML, or a query a line.

Text is UTF-8, or UTF-16 with its byte order mark, as some editors of Windows write it.
"""

from __future__ import annotations

import codecs

from bot.commands.saying import command
from bot.commands.watch_files.lines import read_lines
from bot.commands.watch_files.opml import read_opml
from bot.commands.watch_files.settings import read_settings, write_settings
from bot.commands.watch_files.wanted import Wanted
from bot.errors import CommandError

__all__ = ["Wanted", "decoded", "read", "write_settings"]

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read(text: str) -> Wanted:
    """What a file's text asks for. Takes time proportional to its length. Raises CommandError."""
    pasted = text.strip("`").strip()
    if pasted.startswith("{"):
        return read_settings(pasted)
    return read_opml(pasted) if pasted.startswith("<") else read_lines(text.strip("`"))


def decoded(content: bytes) -> str:
    """A file's text. Raises CommandError when it is none."""
    hint = f"{command('export')} shows what is expected."
    if content.startswith(b"\x1f\x8b"):
        raise CommandError("That is a packed file.", hint="Unpack it first.")
    try:
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError("That is not text in UTF-8.", hint=hint) from None
    if "\0" in text:
        raise CommandError("That is not text in UTF-8.", hint=hint)
    return text
