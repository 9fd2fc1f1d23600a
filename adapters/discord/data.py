"""The data of an interaction in the shape that the adapter counts on: what is missing or of another kind is empty.

discord.py hands it on as it came
(https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-data).
"""

from __future__ import annotations

from typing import Any

# A command's option is within a subcommand, which may be within a group.
_DEEPEST = 3
_RESOLVED = ("users", "members", "roles", "attachments")


def read(data: object) -> dict[str, Any]:
    """``options`` is a list of objects, each with such ``options``; ``resolved`` has an object of objects by their ids
    for each kind that is used here."""
    given = _object(data)
    resolved = _object(given.get("resolved"))
    return given | {
        "options": _options(given.get("options"), _DEEPEST),
        "resolved": {kind: _objects(resolved.get(kind)) for kind in _RESOLVED},
    }


def _options(value: object, deep: int) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not deep:
        return []
    return [each | {"options": _options(each.get("options"), deep - 1)} for each in value if isinstance(each, dict)]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> dict[str, dict[str, Any]]:
    return {key: each for key, each in _object(value).items() if isinstance(each, dict)}
