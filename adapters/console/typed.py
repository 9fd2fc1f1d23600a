"""What a person types at the console, read as commands.

`/papers watch X`, `papers watch X` and `watch X` are the same command; `+2` saves the second paper, as `save 2` does.
`quit` and `exit` end the console. Blank lines and comments are nothing: a comment is a line that starts with `#` and a
space (a category such as `#cs.CL` starts with none), `##` or `#!`, or is a lone `#`.

`import FILE` and `import preview FILE` take a file of this computer along. On a console what follows is always a file's
name unless it begins like JSON: a mistyped name must not become a watch.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from adapters.console.harmless import one_line
from adapters.console.lines import MOST
from bot.conversation import File
from bot.errors import CommandError
from bot.models import MemberRef

MOST_FILE = 1_000_000

QUIT = frozenset({"quit", "exit", "/quit", "/exit"})

_COMMENT = re.compile(r"#(?:[\s#!]|$)")
_PREFIX = re.compile(r"\A/?papers(?:\s+|$)", re.IGNORECASE)
_PASTED = re.compile(r"\s*(?:/?papers\s+)?import\s+(?:preview\s+)?[{\[]", re.IGNORECASE)
_IMPORT = re.compile(
    r"(?P<command>import(?:\s+preview(?=\s))?)\s+(?!(?:preview\s+)?[{\[])(?P<name>\S.*)", re.IGNORECASE | re.DOTALL
)
_MENTION = re.compile(r"(?<!\S)@(\S{1,100})(?!\S)")


def command_text(line: str) -> str | None:
    """The command in a line, without a leading `papers`; empty for `papers` alone, None for nothing to do."""
    text = line.strip()
    if not text or _COMMENT.match(text):
        return None
    return _PREFIX.sub("", text, count=1)


def commands_in(text: str) -> list[str]:
    """The commands of a typed or pasted text: one a line, except that JSON after `import` belongs to it whole."""
    return [text] if _PASTED.match(text) else text.splitlines()


def mentions(text: str, member: MemberRef) -> tuple[MemberRef, ...]:
    """The members that a command of ``member`` mentions; on a console a member's name is their id."""
    names = dict.fromkeys(_MENTION.findall(text))
    return tuple(MemberRef(member.platform, member.workspace, name, name) for name in names)


def checked(text: str) -> str:
    """A typed text that the core can take. Raises CommandError: too long, a NUL or undecodable bytes in it."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise CommandError("That is not UTF-8 text.", hint="Set the terminal to UTF-8 and type it again.") from None
    if size > MOST:
        raise CommandError(f"That is longer than {MOST:,} bytes.", hint="Put it into a file and type `import FILE`.")
    if "\0" in text:
        raise CommandError("That has a NUL character in it.", hint="Type it again without.")
    return text


def attachment(text: str) -> tuple[str, File] | None:
    """An `import FILE` command without the name, and the file that it names; None when ``text`` is another command.

    Raises CommandError: no such file, not a regular one, too large, not readable. Reads the disk: call it off the event
    loop.
    """
    match = _IMPORT.fullmatch(text)
    if match is None:
        return None
    name = match["name"].strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1]
    shown = one_line(name, 80).replace("`", "'")
    try:
        content = _content(Path(name).expanduser())
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CommandError(
            f"The file `{shown}` cannot be read ({one_line(reason, 80)}).",
            hint="Name an existing file, for example `import watches.json`; to watch words, type `watch` before them.",
        ) from None
    if content is None:
        raise CommandError(f"`{shown}` is no file of text.", hint="Name one, for example `import watches.json`.")
    if len(content) > MOST_FILE:
        raise CommandError(f"The file `{shown}` is larger than {MOST_FILE:,} bytes.", hint="Import it in parts.")
    media_type = "application/json" if name.lower().endswith(".json") else "text/plain"
    return match["command"], File(one_line(Path(name).name, 200), media_type, content)


def _content(path: Path) -> bytes | None:
    """A regular file's content, one byte more than allowed at most; None for folders, pipes and devices."""
    # Without O_NONBLOCK, opening a named pipe would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MOST_FILE + 1)
    finally:
        os.close(descriptor)
