"""The composition root: the only package that knows everybody.

Each function carries out one command of `paperroute` with the given settings and returns its exit status.
"""

from __future__ import annotations

from bot.app.doctor import doctor
from bot.app.once import poll
from bot.app.reports import status
from bot.app.service import run
from bot.app.set_up import setup
from bot.app.terminal import console

__all__ = ["console", "doctor", "poll", "run", "setup", "status"]
