"""The locked dependencies against the advisories of https://osv.dev (API: https://google.github.io/osv.dev/api/).

One request names every package with its version; a tool that asks about each of them by itself takes longer than a
check may. Where the network is closed, or the answer makes no sense, that is said plainly and the check does not fail:
it found nothing out. It fails when an advisory is known for a locked version, unless the advisory is ``ACCEPTED``.

`python -m checks.advisories requirements.lock requirements-dev.lock`
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

URL = "https://api.osv.dev/v1/querybatch"
TIMEOUT = (2.0, 3.0)
"""Seconds to connect, and between two pieces of the answer."""

ACCEPTED: Mapping[str, str] = {}
"""Advisories that do not concern this program, each with the reason."""

_MOST_BYTES = 5_000_000
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


class CouldNotRunError(Exception):
    """Nothing was found out; the text says why."""


def locked(files: Iterable[Path]) -> list[tuple[str, str]]:
    """Every package with its version, once. Raises CouldNotRunError when a file has none, or cannot be read."""
    found: set[tuple[str, str]] = set()
    for file in files:
        try:
            pinned = _PINNED.findall(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CouldNotRunError(f"{file} cannot be read ({type(error).__name__})") from error
        if not pinned:
            raise CouldNotRunError(f"{file} locks nothing")
        found.update((name.lower(), version) for name, version in pinned)
    return sorted(found)


def advisories(
    packages: Sequence[tuple[str, str]], url: str, accepted: Collection[str] = tuple(ACCEPTED)
) -> dict[tuple[str, str], list[str]]:
    """The ids of what is known about each package of which something is. Raises CouldNotRunError."""
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    results = _asked(url, queries).get("results")
    if not isinstance(results, list) or len(results) != len(packages):
        raise CouldNotRunError("the answer does not fit the question")
    known = {}
    for package, result in zip(packages, results, strict=True):
        found = result.get("vulns", []) if isinstance(result, dict) else None
        if not isinstance(found, list) or not all(isinstance(each, dict) and "id" in each for each in found):
            raise CouldNotRunError("the answer does not fit the question")
        if ids := sorted(str(each["id"]) for each in found if each["id"] not in accepted):
            known[package] = ids
    return known


def _asked(url: str, queries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    try:
        with requests.post(url, json={"queries": list(queries)}, timeout=TIMEOUT, stream=True) as answer:
            if answer.status_code != 200:
                raise CouldNotRunError(f"{url} answered {answer.status_code}")
            content = answer.raw.read(_MOST_BYTES, decode_content=True)
        read = json.loads(content)
    except requests.RequestException as error:
        raise CouldNotRunError(f"{url} cannot be reached ({type(error).__name__})") from error
    except ValueError as error:
        raise CouldNotRunError("the answer is no JSON") from error
    if not isinstance(read, dict):
        raise CouldNotRunError("the answer does not fit the question")
    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 1 for a known advisory, else 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--url", default=URL)
    chosen = parser.parse_args(arguments)
    try:
        packages = locked(chosen.files)
        known = advisories(packages, chosen.url)
    except CouldNotRunError as error:
        sys.stdout.write(f"Advisories: could not run: {error}. Nothing was checked.\n")
        return 0
    for (name, version), ids in known.items():
        links = " ".join(f"https://osv.dev/{each}" for each in ids)
        sys.stdout.write(f"{name} {version}: {links}\n")
    if known:
        sys.stdout.write(
            "Advisories: raise these in pyproject.toml and run `make lock`, or accept them with a reason.\n"
        )
        return 1
    sys.stdout.write(f"Advisories: none is known for {len(packages)} locked packages.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
