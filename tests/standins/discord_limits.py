"""What Discord takes as a message and as commands, and how often.

Sizes: https://docs.discord.com/developers/resources/message#embed-object-embed-limits and
https://docs.discord.com/developers/components/reference. Rates: five messages in five seconds a channel; fifty requests
a second over all, interactions apart (https://docs.discord.com/developers/topics/rate-limits).
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

MESSAGES, MESSAGES_SECONDS = 5, 5.0
GLOBAL, GLOBAL_SECONDS = 50, 1.0
_NAME = re.compile(r"[-_'a-z0-9]{1,32}")


def check_message(body: dict[str, Any], files: int = 0) -> str | None:
    """Why Discord answers 50035 or 50006; None when it takes the message."""
    embeds, components = body.get("embeds") or [], body.get("components") or []
    content = body.get("content") or ""
    if not content and not embeds and not components and not files:
        return "Cannot send an empty message"
    if len(content) > 2_000:
        return "content"
    if len(embeds) > 10:
        return "embeds"
    if len(str(body.get("nonce") or "")) > 25:
        return "nonce"
    for embed in embeds:
        if (wrong := _embed(embed)) is not None:
            return wrong
    if sum(_characters(embed) for embed in embeds) > 6_000:
        return "the size of all embeds"
    return _components(components)


def _embed(embed: dict[str, Any]) -> str | None:
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    sizes = (
        (embed.get("title"), 256),
        (embed.get("description"), 4_096),
        (footer.get("text"), 2_048),
        (author.get("name"), 256),
    )
    for text, most in sizes:
        if text is not None and len(text) > most:
            return f"an embed's text of {len(text)}"
    if len(embed.get("fields") or []) > 25:
        return "fields"
    for each in embed.get("fields") or []:
        if not 1 <= len(each.get("name", "")) <= 256 or not 1 <= len(each.get("value", "")) <= 1_024:
            return "a field"
    if "url" in embed and not _is_link(embed["url"]):
        return "url"
    if not any(embed.get(name) for name in ("title", "description", "footer", "author", "fields", "image")):
        return "an empty embed"
    return None


def _characters(embed: dict[str, Any]) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for each in embed.get("fields") or []:
        texts += [each.get("name"), each.get("value")]
    return sum(len(text) for text in texts if text)


def _components(rows: list[dict[str, Any]]) -> str | None:
    if len(rows) > 5:
        return "rows"
    names: list[str] = []
    for row in rows:
        buttons = row.get("components") or []
        if row.get("type") != 1 or not 1 <= len(buttons) <= 5:
            return "a row"
        for button in buttons:
            if button.get("type") != 2 or not (button.get("label") or button.get("emoji")):
                return "a button"
            if len(button.get("label") or "") > 80:
                return "label"
            if button.get("style") == 5:
                if not _is_link(button.get("url")) or "custom_id" in button:
                    return "a link button"
                continue
            if not 1 <= len(button.get("custom_id") or "") <= 100:
                return "custom_id"
            names.append(button["custom_id"])
    return "custom_id twice" if len(set(names)) < len(names) else None


def _is_link(url: object) -> bool:
    return isinstance(url, str) and urlsplit(url).scheme in ("http", "https") and len(url) <= 2_048


def check_commands(commands: list[dict[str, Any]]) -> str | None:
    """Why Discord refuses a list of commands."""
    for command in commands:
        if (wrong := _command(command)) is not None:
            return wrong
        if _command_characters(command) > 8_000:
            return "a command of more than 8,000 characters"
    return None


def _command(command: dict[str, Any]) -> str | None:
    if not _NAME.fullmatch(command.get("name", "")):
        return f"the name {command.get('name')!r}"
    if command.get("type", 1) in (1, 2, 3) and not 1 <= len(command.get("description", "")) <= 100:
        return f"the description of {command['name']}"
    options = command.get("options") or []
    if len(options) > 25:
        return f"the options of {command['name']}"
    for option in options:
        if (wrong := _command(option)) is not None:
            return wrong
        choices = option.get("choices") or []
        if len(choices) > 25 or any(not 1 <= len(choice["name"]) <= 100 for choice in choices):
            return f"the choices of {option['name']}"
    required = [bool(option.get("required")) for option in options]
    return f"the order of {command['name']}'s options" if required != sorted(required, reverse=True) else None


def _command_characters(command: dict[str, Any]) -> int:
    own = len(command.get("name", "")) + len(command.get("description", ""))
    own += sum(len(choice["name"]) + len(str(choice["value"])) for choice in command.get("choices") or [])
    return own + sum(_command_characters(option) for option in command.get("options") or [])


class Limits:
    """Counts requests by ``now`` (seconds that only rise); ``refused``: the routes that were asked too often."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._channels: dict[int, deque[float]] = defaultdict(deque)
        self._all: deque[float] = deque()
        self.refused: list[str] = []
        self.enforced = True
        self.messages_seconds = MESSAGES_SECONDS

    def overall(self, route: str) -> float | None:
        """The seconds to wait; None when the request is allowed."""
        return self._count(self._all, GLOBAL, GLOBAL_SECONDS, f"{route}, over all")

    def messages(self, channel: int) -> tuple[float | None, dict[str, str]]:
        """The same for a message in a channel, and the headers that tell of the limit."""
        window = self._channels[channel]
        wait = self._count(window, MESSAGES, self.messages_seconds, f"messages in {channel}")
        if not self.enforced:
            return None, {}
        reset = max(0.0, window[0] + self.messages_seconds - self._now()) if window else 0.0
        return wait, {
            "X-RateLimit-Limit": str(MESSAGES),
            "X-RateLimit-Remaining": str(max(0, MESSAGES - len(window))),
            "X-RateLimit-Reset": f"{self._now() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": "messages",
        }

    def _count(self, window: deque[float], most: int, seconds: float, what: str) -> float | None:
        now = self._now()
        while window and window[0] <= now - seconds:
            window.popleft()
        if self.enforced and len(window) >= most:
            self.refused.append(what)
            return window[0] + seconds - now
        window.append(now)
        return None
