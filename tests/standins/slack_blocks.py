"""What Slack takes as blocks of a message or of a view, and how it refuses the rest.

https://docs.slack.dev/reference/block-kit/ gives the sizes; that about 13,200 characters over all blocks of a message
are too long is undocumented (bolt-js issue 2509).
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_CHARACTERS = 13_200
_BLOCKS = {
    "message": {"section", "header", "context", "actions", "divider", "rich_text", "image"},
    "view": {"section", "header", "context", "actions", "divider", "rich_text", "image", "input"},
}
_INPUTS = {"plain_text_input", "static_select", "conversations_select", "channels_select", "external_select"}
_ACTIONS = {"button", "overflow", "static_select", "conversations_select", "channels_select"}
_RICH = {"text", "link", "emoji", "user", "channel", "usergroup", "date", "broadcast"}
_RICH_PARTS = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}


class _Invalid(Exception):  # noqa: N818  a finding
    pass


def check_message(text: str, blocks: list[dict[str, Any]]) -> str | None:
    """The error that Slack answers with; None when it takes the message."""
    try:
        _check(blocks, "message")
    except _Invalid as invalid:
        return f"invalid_blocks: {invalid}" if DETAILS else "invalid_blocks"
    if sum(_characters(block) for block in blocks) > MESSAGE_CHARACTERS:
        return "msg_blocks_too_long"
    return "msg_too_long" if len(text) > 40_000 else None


DETAILS = False
"""Whether the errors say what is wrong, for whoever writes blocks."""


def check_view(view: dict[str, Any]) -> str | None:
    """The same for a window or a home."""
    try:
        if view.get("type") not in ("modal", "home"):
            raise _Invalid("type")
        blocks = view.get("blocks")
        if not isinstance(blocks, list):
            raise _Invalid("blocks")
        _check(blocks, "view")
        if view["type"] == "modal":
            for name in ("title", "submit", "close"):
                if name in view or name == "title":
                    _text(view.get(name), 24, kinds=("plain_text",))
            if any(block.get("type") == "input" for block in blocks) and "submit" not in view:
                raise _Invalid("an input without submit")
        _size(view.get("private_metadata", ""), 3_000, "private_metadata", least=0)
        _size(view.get("callback_id", ""), 255, "callback_id", least=0)
    except _Invalid as invalid:
        return f"invalid_arguments: {invalid}" if DETAILS else "invalid_arguments"
    return None


def _check(blocks: object, surface: str) -> None:
    if not isinstance(blocks, list) or len(blocks) > (MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS):
        raise _Invalid("the number of blocks")
    for block in blocks:
        _block(block, surface)
    names = Counter(block["block_id"] for block in blocks if "block_id" in block)
    if any(times > 1 for times in names.values()):
        raise _Invalid("block_id twice")


def _block(block: Any, surface: str) -> None:
    if not isinstance(block, dict) or block.get("type") not in _BLOCKS[surface]:
        raise _Invalid(f"the type of {str(block)[:80]}")
    _size(block.get("block_id", "x"), 255, "block_id")
    match block["type"]:
        case "header":
            _text(block.get("text"), 150, kinds=("plain_text",))
        case "section":
            _section(block)
        case "context":
            elements = _several(block.get("elements"), 10)
            for element in elements:
                _text(element, 3_000)
        case "actions":
            _elements(_several(block.get("elements"), 25))
        case "input":
            _text(block.get("label"), 2_000, kinds=("plain_text",))
            if "hint" in block:
                _text(block["hint"], 2_000, kinds=("plain_text",))
            element = block.get("element")
            if not isinstance(element, dict) or element.get("type") not in _INPUTS:
                raise _Invalid("input element")
            _element(element)
        case "rich_text":
            for part in _several(block.get("elements"), 1_000):
                _rich_part(part)
        case "image":
            _link(block.get("image_url"))
            _size(block.get("alt_text"), 2_000, "alt_text")


def _section(block: dict[str, Any]) -> None:
    if "text" not in block and "fields" not in block:
        raise _Invalid("a section without text")
    if "text" in block:
        _text(block["text"], 3_000)
    if "fields" in block:
        for each in _several(block["fields"], 10):
            _text(each, 2_000)
    if "accessory" in block:
        _element(block["accessory"])


def _several(elements: Any, most: int) -> list[Any]:
    if not isinstance(elements, list) or not 1 <= len(elements) <= most:
        raise _Invalid("the number of elements")
    return elements


def _elements(elements: list[Any]) -> None:
    for element in elements:
        if not isinstance(element, dict) or element.get("type") not in _ACTIONS:
            raise _Invalid("the type of an element")
        _element(element)
    names = Counter(element.get("action_id") for element in elements)
    if any(times > 1 and name is not None for name, times in names.items()):
        raise _Invalid("action_id twice")


def _element(element: Any) -> None:
    if not isinstance(element, dict):
        raise _Invalid("an element")
    _size(element.get("action_id", "x"), 255, "action_id")
    if "placeholder" in element:
        _text(element["placeholder"], 150, kinds=("plain_text",))
    if "confirm" in element:
        _confirm(element["confirm"])
    match element.get("type"):
        case "button":
            _text(element.get("text"), 75, kinds=("plain_text",))
            _size(element.get("value", "x"), 2_000, "value")
            if "url" in element:
                _link(element["url"])
            if element.get("style", "primary") not in ("primary", "danger"):
                raise _Invalid("style")
            _size(element.get("accessibility_label", "x"), 75, "accessibility_label")
        case "overflow":
            _options(element.get("options"), 5, value=150, url=True)
        case "static_select":
            _options(element.get("options"), 100, value=150, url=False)
        case "plain_text_input":
            _size(element.get("initial_value", ""), 3_000, "initial_value", least=0)
            if element.get("max_length", 1) > 3_000:
                raise _Invalid("max_length")
        case "conversations_select" | "channels_select" | "external_select":
            return
        case other:
            raise _Invalid(f"an element of type {other}")


def _options(options: Any, most: int, *, value: int, url: bool) -> None:
    for option in _several(options, most):
        _text(option.get("text"), 75, kinds=("plain_text",))
        _size(option.get("value"), value, "an option's value")
        if "description" in option:
            _text(option["description"], 75, kinds=("plain_text",))
        if "url" in option:
            if not url:
                raise _Invalid("an option with a url")
            _link(option["url"])


def _confirm(confirm: dict[str, Any]) -> None:
    _text(confirm.get("title"), 100, kinds=("plain_text",))
    _text(confirm.get("text"), 300)
    _text(confirm.get("confirm"), 30, kinds=("plain_text",))
    _text(confirm.get("deny"), 30, kinds=("plain_text",))


def _rich_part(part: Any) -> None:
    if not isinstance(part, dict) or part.get("type") not in _RICH_PARTS:
        raise _Invalid("a part of rich text")
    elements = part.get("elements")
    if not isinstance(elements, list) or not elements:
        raise _Invalid("rich text without elements")
    for element in elements:
        if part["type"] == "rich_text_list":
            _rich_part(element)
            continue
        if element.get("type") not in _RICH:
            raise _Invalid("an element of rich text")
        if element["type"] == "text":
            _size(element.get("text"), 3_000, "rich text")
        if element["type"] == "link":
            _link(element.get("url"))
            _size(element.get("text", "x"), 3_000, "a link's text")


def _text(text: Any, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> None:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        raise _Invalid("a text object")
    if "emoji" in text and text["type"] != "plain_text":
        raise _Invalid("emoji outside plain_text")
    if "verbatim" in text and text["type"] != "mrkdwn":
        raise _Invalid("verbatim outside mrkdwn")
    _size(text.get("text"), most, "text")


def _size(value: Any, most: int, what: str, least: int = 1) -> None:
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise _Invalid(f"the length of {what}")


def _link(value: Any) -> None:
    _size(value, 3_000, "url")
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
        raise _Invalid("url")


def _characters(value: Any) -> int:
    """The characters of all texts inside."""
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(
            _characters(each) for name, each in value.items() if not (name == "text" and isinstance(each, str))
        )
    return sum(_characters(each) for each in value) if isinstance(value, list) else 0
