"""Files that people name on the command line: read to a bound, written whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bot.commands.saying import quoted
from bot.errors import CommandError

_PACKED = b"\x1f\x8b"


def read_beginning(path: Path, most: int) -> bytes:
    """At most ``most`` bytes from the beginning of a regular file, unpacked where it is packed by gzip. Blocks.

    Raises CommandError: there is none, it is not a file, it cannot be read, its packing is damaged.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CommandError(f"{_name(path)} is no file.", hint="Name one, for example watches.txt.")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                packed = file.read(len(_PACKED)) == _PACKED
                file.seek(0)
                if not packed:
                    return file.read(most)
                with gzip.GzipFile(fileobj=file) as unpacked:
                    return unpacked.read(most)
        finally:
            os.close(descriptor)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise CommandError(
            f"The packed file {_name(path)} is cut short or damaged.", hint="Fetch it again; nothing was imported."
        ) from None
    except OSError as error:
        raise CommandError(f"The file {_name(path)} cannot be read ({error.strerror or error}).") from None


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``path`` when the block ends well; else nothing is changed there.

    So ``path`` has the old content or the new one at any moment, and whoever could not read the old one cannot read the
    new one. A link there is replaced, not followed. Raises CommandError when it cannot be written. Blocks.
    """
    try:
        if path.exists() and not path.is_file():
            raise CommandError(f"{_name(path)} is no file.", hint="Name one to write, or - for standard output.")
        draft = path.parent / f".paperroute-{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if path.is_file() and not path.is_symlink():
                    os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
    except OSError as error:
        raise CommandError(f"The file {_name(path)} cannot be written ({error.strerror or error}).") from None


def _name(path: Path) -> str:
    return quoted(str(path), 200)
