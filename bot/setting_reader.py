"""Reads settings one by one from the environment and `.env`, and keeps the mistakes for the end."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bot.errors import ConfigError

T = TypeVar("T")

_PREFIX = "PAPERROUTE_"


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never shows itself: not in repr, not in str, not in a traceback's locals."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        return "(hidden)"


class SettingReader:
    """Reads settings one by one and keeps the mistakes for the end."""

    def __init__(self, environ: Mapping[str, str], dotenv: Path | None) -> None:
        self.mistakes: list[str] = []
        self._values = self._read_dotenv(dotenv) | dict(environ)

    def _read_dotenv(self, dotenv: Path | None) -> dict[str, str]:
        from dotenv.parser import parse_stream  # noqa: PLC0415 (costs a tenth of the start-up time)

        if dotenv is None:
            return {}
        values: dict[str, str] = {}
        try:
            with dotenv.open(encoding="utf-8") as stream:
                for binding in parse_stream(stream):
                    if binding.error or (binding.key is not None and binding.value is None):
                        self.mistakes.append(
                            f"{dotenv.name}, line {binding.original.line}, cannot be read:"
                            " write NAME=value, for example PAPERROUTE_BACKFILL=7d."
                        )
                    elif binding.key is not None and binding.value is not None:
                        values[binding.key] = binding.value
        except FileNotFoundError:
            return {}
        except UnicodeDecodeError:
            self.mistakes.append(f"{dotenv.name} is not a text file in UTF-8: save it as UTF-8.")
        except OSError as error:
            self.mistakes.append(f"{dotenv.name} cannot be read ({os.strerror(error.errno or 0)}).")
        return values

    def given(self, name: str) -> bool:
        """Whether the setting, or the file that holds it, is named at all."""
        return any(self._values.get(each, "").strip() for each in (name, f"{name}_FILE"))

    def value(self, name: str, parse: Callable[[str], T], default: T, expected: str) -> T:
        """The parsed setting, ``default`` when unset or empty; a mistake is noted when ``parse`` raises ValueError."""
        text = self._values.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError:
            self.mistakes.append(f"{name} is {_shown(text)}; it must be {expected}.")
            return default

    def secret(self, name: str, parse: Callable[[str], str]) -> Secret | None:
        """The secret ``name``, from NAME or from the file that NAME_FILE names; None when neither is set."""
        text = self._values.get(name, "").strip()
        path = self._values.get(f"{name}_FILE", "").strip()
        if text and path:
            self.mistakes.append(f"{name} and {name}_FILE are both set; keep one of them.")
            return None
        if path:
            try:
                text = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, ValueError):
                self.mistakes.append(f"{name}_FILE names {_shown(path)}, which cannot be read as a text file.")
                return None
            if not text:
                self.mistakes.append(f"{name}_FILE names {_shown(path)}, which is empty.")
        if not text:
            return None
        try:
            return Secret(parse(text))
        except ValueError as error:
            self.mistakes.append(f"{name} {error}.")
            return None

    def finish(self, names: Iterable[str]) -> None:
        """Raise ConfigError with all mistakes, among them names that are nearly one of ``names``."""
        known = {name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)}
        for name in sorted(self._values):
            own = name.removeprefix(_PREFIX)
            if name.startswith(_PREFIX) and own not in known:
                near = difflib.get_close_matches(own, known, n=1, cutoff=0.75)
                if near:
                    self.mistakes.append(f"{name} is not a setting; did you mean {_PREFIX}{near[0]}?")
        if self.mistakes:
            raise ConfigError(self.mistakes)


def _shown(text: str) -> str:
    """A setting's text for a message: printable and short."""
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
