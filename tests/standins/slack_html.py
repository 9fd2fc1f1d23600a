"""Block Kit as a browser shows it, roughly as Slack does: for pictures of what the bot posts.

`python -m tests.standins.slack_html FOLDER` writes a channel with a digest and its thread, and the window of an
abstract, from invented papers; `chromium --headless --screenshot` makes pictures of them.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapters.slack import posts, views
from bot.models import ChannelRef
from tests.standins import pictured

_EMOJI = {
    "one": "1️⃣", "two": "2️⃣", "three": "3️⃣", "four": "4️⃣", "five": "5️⃣", "six": "6️⃣", "seven": "7️⃣", "eight": "8️⃣",
    "nine": "9️⃣", "keycap_ten": "🔟", "bookmark": "🔖",
}  # fmt: skip

_STYLE = """
body { margin: 0; font: 15px/1.46 Lato, "Noto Sans", "DejaVu Sans", sans-serif; color: #1d1c1d; background:
  #fff; }
a { color: #1264a3; text-decoration: none; }
small, .context { color: #616061; font-size: 13px; }
.channel { width: 760px; padding: 10px 20px 14px; }
.bar { border-bottom: 1px solid #ddd; font-weight: 900; padding: 4px 0 8px; }
.message { display: flex; gap: 10px; padding-top: 12px; }
.icon { width: 36px; height: 36px; border-radius: 6px; background: #1f3a5f; color: #fff; font-weight: 900;
  text-align: center; line-height: 36px; flex: none; }
.name { font-weight: 900; }
.app { background: #e8e8e8; font-size: 10px; padding: 1px 3px; border-radius: 2px; color: #616061; margin: 0
  6px; font-weight: 700; }
.header { font-weight: 900; font-size: 18px; margin: 4px 0; }
.section { display: flex; justify-content: space-between; gap: 16px; margin: 8px 0; white-space: pre-wrap; }
.menu { border: 1px solid #ccc; border-radius: 4px; padding: 2px 9px; height: 22px; flex: none; }
code { color: #c0123c; background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 1px 3px;
  font: 12px "DejaVu Sans Mono", monospace; }
.reaction { display: inline-block; border: 1px solid #1264a3; background: #e8f5fa; border-radius: 12px;
  padding: 0 8px; margin: 6px 6px 0 0; font-size: 13px; }
.thread { margin: 10px 0 0 46px; border-left: 3px solid #ddd; padding-left: 12px; }
.context { margin: 4px 0; }
.button { display: inline-block; border: 1px solid #ccc; border-radius: 4px; padding: 5px 12px; font-weight:
  700; margin: 8px 8px 0 0; }
.window { width: 560px; padding: 18px 24px; }
.title { font-weight: 900; font-size: 20px; display: flex; justify-content: space-between; margin-bottom: 8px;
  }
.window .section { margin: 10px 0; }
"""


def shown(blocks: Iterable[dict[str, Any]]) -> str:
    """The blocks as HTML."""
    return "".join(_block(block) for block in blocks)


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f'<div class="header">{_text(block["text"])}</div>'
        case "section":
            menu = '<span class="menu">⋯</span>' if block.get("accessory", {}).get("type") == "overflow" else ""
            return f'<div class="section"><div>{_text(block["text"])}</div>{menu}</div>'
        case "context":
            return "".join(f'<div class="context">{_text(each)}</div>' for each in block["elements"])
        case "actions":
            return "".join(f'<span class="button">{_text(each["text"])}</span>' for each in block["elements"])
    return "<hr>"


def _text(text: dict[str, str]) -> str:
    if text["type"] == "plain_text":
        return html.escape(text["text"])
    parts = re.split(r"(`[^`\n]+`)", text["text"])
    return "".join(
        f"<code>{part[1:-1]}</code>" if part.startswith("`") and len(part) > 2 else _mrkdwn(part) for part in parts
    )


def _mrkdwn(text: str) -> str:
    text = re.sub(r"<(https?://[^|>]+)\|([^>]*)>", r'<a href="\1">\2</a>', text)
    text = re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", text)
    return re.sub(r":([a-z_]+):", lambda found: _EMOJI.get(found[1], found[0]), text)


def message(blocks: Iterable[dict[str, Any]], when: str, reactions: str = "") -> str:
    """A message of the bot; ``reactions`` are HTML."""
    head = f'<span class="name">paperroute</span><span class="app">APP</span><small>{when}</small>'
    body = f'<div style="flex:1">{head}{shown(blocks)}{reactions}</div>'
    return f'<div class="message"><div class="icon">p</div>{body}</div>'


def page(body: str) -> str:
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{_STYLE}</style>{body}</html>'


def window(view: dict[str, Any]) -> str:
    """A modal."""
    title = f'<div class="title"><span>{_text(view["title"])}</span><span>✕</span></div>'
    return page(f'<div class="window">{title}{shown(view["blocks"])}</div>')


def main() -> None:
    folder = Path(sys.argv[1])
    channel = ChannelRef("slack", "T0LAB", "C0READING")
    digest, card = pictured.digest(channel), pictured.cards(channel)[0]
    reactions = '<span class="reaction">1️⃣ 3</span><span class="reaction">3️⃣ 1</span>'
    thread = f'<div class="thread">{message(posts.render(card).blocks, "09:00")}</div>'
    body = f"{message(posts.render(digest).blocks, '09:00', reactions)}{thread}"
    (folder / "digest.html").write_text(page(f'<div class="channel"><div class="bar"># reading</div>{body}</div>'))
    (folder / "abstract.html").write_text(window(views.abstract(pictured.PAPERS[0][0])))


if __name__ == "__main__":
    main()
