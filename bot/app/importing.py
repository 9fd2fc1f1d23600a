"""`paperroute import FILE`: told apart by what is in the file.

``KINDS`` are asked in their order; the first that recognises a file's beginning takes it in.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.app.bulk_import import import_bulk_metadata, is_bulk_metadata
from bot.app.import_watches import import_watches
from bot.app.whole_file import read_beginning
from bot.commands.complaint import complaint
from bot.config import Config
from bot.errors import CommandError
from bot.logs import set_up_logging

BEGINNING = 65_536
"""So many bytes of the (unpacked) content are shown to ``Kind.recognises``."""


@dataclass(frozen=True, slots=True)
class Import:
    """The words of the command line. ``channel`` is empty where none is named."""

    path: Path
    channel: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. ``take_in`` returns the exit status and may raise CommandError, ConfigError, StoreError."""

    recognises: Callable[[bytes], bool]
    take_in: Callable[[Config, Import], int]


def _watches(config: Config, asked: Import) -> int:
    return import_watches(config, asked.path, asked.channel, dry_run=asked.dry_run)


def _bulk_metadata(config: Config, asked: Import) -> int:
    if asked.channel:
        raise CommandError(
            f"{asked.path} is arXiv's bulk metadata, which goes into the archive for all channels.",
            hint="Leave `--channel` out.",
        )
    return import_bulk_metadata(config, asked.path, dry_run=asked.dry_run)


# Watches come last: a list of lines is whatever else it is not.
KINDS: tuple[Kind, ...] = (Kind(is_bulk_metadata, _bulk_metadata), Kind(lambda _: True, _watches))


def import_(config: Config, asked: Import) -> int:
    """Returns the exit status. Raises ConfigError for words that cannot be used, StoreError."""
    set_up_logging(config.log, default_level=logging.WARNING, secrets=config.secrets)
    try:
        beginning = read_beginning(asked.path, BEGINNING)
        kind = next(kind for kind in KINDS if kind.recognises(beginning))
        return kind.take_in(config, asked)
    except CommandError as error:
        sys.stderr.write(f"paperroute: {complaint(error)}\n")
        return 1
