"""sqlite-utils, loaded without numpy.

It imports numpy and pandas where they are installed, to know the types of their values, which this store never holds.
They are installed for processes of their own (``adapters.tfidf``, ``adapters.plots``); here numpy would cost 12 MB and
70 ms at each start (https://github.com/simonw/sqlite-utils, ``sqlite_utils/db.py``). Import it before sqlite-utils.
"""

from __future__ import annotations

import importlib
import sys

_UNUSED = ("numpy", "pandas")


def _load() -> None:
    hidden = [name for name in _UNUSED if name not in sys.modules]
    try:
        for name in hidden:
            # An import of a name that stands for None fails as if nothing were installed.
            sys.modules[name] = None  # type: ignore[assignment]  # the documented meaning of None there
        importlib.import_module("sqlite_utils")
    finally:
        for name in hidden:
            del sys.modules[name]


_load()
