"""The composition root: the only package that knows everybody.

Each function carries out one command of `paperroute` with the given settings and returns its exit status.
"""

from __future__ import annotations

from bot.app.doctor import doctor
from bot.app.exporting import Export, export
from bot.app.importing import Import, import_
from bot.app.once import poll
from bot.app.reports import status
from bot.app.service import run
from bot.app.set_up import setup
from bot.app.terminal import console

__all__ = ["Export", "Import", "console", "doctor", "export", "import_", "poll", "run", "setup", "status"]
