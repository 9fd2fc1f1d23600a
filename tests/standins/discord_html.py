"""Messages on the stand-in of Discord as a browser shows them, roughly as Discord's dark theme does: for pictures.

`python -m tests.standins.discord_html FOLDER` posts a digest of invented papers and the cards of its thread with the
real adapter, lets members react, and writes the channel as it then stands; `chromium --headless --screenshot` makes a
picture of it, 640 pixels wide.
"""

from __future__ import annotations

import asyncio
import html
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapters.discord import DiscordChat
from tests.chat_contract import UnusedHandler
from tests.discord_kit import CHANNEL, CLOCK, settings, stand_in
from tests.standins import pictured
from tests.standins.discord import ANN, BOB, OWNER, READING
from tests.standins.discord_state import Channel
from tests.store_kit import open_store

_STYLE = """
body { margin: 0; font: 16px/1.375 "Noto Sans", "DejaVu Sans", sans-serif; color: #dbdee1; background: #313338; }
a { color: #00a8fc; text-decoration: none; }
.channel { width: 640px; padding-bottom: 18px; }
.bar { border-bottom: 1px solid #26282c; padding: 11px 16px; font-weight: 600; color: #f2f3f5; }
.bar span { color: #80848e; font-weight: 400; margin-right: 8px; font-size: 20px; line-height: 1; }
.message { position: relative; margin: 16px 16px 0 72px; }
.icon { position: absolute; left: -56px; top: 2px; width: 40px; height: 40px; border-radius: 50%; background: #1f3a5f;
  color: #fff; font-weight: 700; text-align: center; line-height: 38px; }
.name { color: #f2f3f5; font-weight: 500; }
.app { background: #5865f2; color: #fff; font-size: 10px; font-weight: 600; padding: 2px 5px; border-radius: 3px;
  margin: 0 4px; vertical-align: 2px; }
time { color: #949ba4; font-size: 12px; margin-left: 4px; }
.embed { background: #2b2d31; border-left: 4px solid; border-radius: 4px; max-width: 490px; padding: 10px 14px 12px
  12px; margin-top: 4px; width: fit-content; }
.title { font-weight: 600; margin-bottom: 6px; }
.description { font-size: 14px; line-height: 18px; white-space: pre-wrap; }
.footer { font-size: 12px; line-height: 16px; margin-top: 8px; white-space: pre-wrap; }
code { background: #1e1f22; border-radius: 4px; padding: 1px 4px; font: 12px "DejaVu Sans Mono", monospace; }
.button { display: inline-block; background: #4e5058; color: #fff; border-radius: 3px; padding: 5px 16px; min-width:
  28px; text-align: center; font-size: 14px; font-weight: 500; line-height: 22px; margin: 4px 8px 0 0; }
.reaction { display: inline-block; background: #2b2d31; border: 1px solid #2b2d31; border-radius: 8px; padding: 1px 7px;
  margin: 6px 4px 0 0; font-size: 14px; font-weight: 600; color: #b5bac1; }
.mine { background: #373a53; border-color: #5865f2; color: #dee0fc; }
.begun { position: relative; margin: 8px 16px 0 72px; background: #2b2d31; border-radius: 4px; padding: 7px 12px;
  width: fit-content; font-size: 14px; font-weight: 600; color: #f2f3f5; }
.begun a { margin-left: 8px; }
.begun::before { content: ""; position: absolute; left: -37px; top: -26px; width: 29px; height: 42px; border: solid
  #4e5058; border-width: 0 0 2px 2px; border-radius: 0 0 0 8px; }
.thread { margin-top: 20px; border-top: 1px solid #26282c; }
.thread .bar { border-bottom: 0; padding-bottom: 0; }
"""
_LEADS_OUT = (
    '<svg width="14" height="14" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.5" '
    'style="margin-left:8px;vertical-align:-2px"><path d="M14 4h6v6M20 4l-9 9M18 14v5H5V6h5"/></svg>'
)
_LINK = 5


def message(shown: dict[str, Any], when: str, mine: Iterable[str] = ()) -> str:
    """A message of the bot as Discord's API gives it out; ``mine``: the reactions that the onlooker made as well."""
    head = f'<span class="name">paperroute</span><span class="app">APP</span><time>{when}</time>'
    content = f"<div>{_markdown(shown['content'])}</div>" if shown["content"] else ""
    embeds = "".join(_embed(embed) for embed in shown["embeds"])
    rows = "".join(f"<div>{''.join(map(_button, row['components']))}</div>" for row in shown["components"])
    reactions = "".join(_reaction(each, own=each["emoji"]["name"] in mine) for each in shown["reactions"])
    below = f"<div>{reactions}</div>" if reactions else ""
    return f'<div class="message"><div class="icon">p</div>{head}{content}{embeds}{rows}{below}</div>'


def thread(channel: Channel, first: str) -> str:
    """What stands below a message of which a thread has begun, and the thread opened with its first message."""
    name = html.escape(channel.name)
    begun = f'<div class="begun">{name}<a>{len(channel.messages)} Messages ›</a></div>'
    return f'{begun}<div class="thread"><div class="bar"><span>⌗</span>{name}</div>{first}</div>'


def page(name: str, body: str) -> str:
    bar = f'<div class="bar"><span>#</span>{html.escape(name)}</div>'
    head = f'<meta charset="utf-8"><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en">{head}<div class="channel">{bar}{body}</div></html>'


def _embed(embed: dict[str, Any]) -> str:
    link = f'<a href="{html.escape(embed["url"])}">{html.escape(embed["title"])}</a>'
    text = embed.get("description")
    below = (embed.get("footer") or {}).get("text")
    return (
        f'<div class="embed" style="border-color:#{embed["color"]:06x}"><div class="title">{link}</div>'
        + (f'<div class="description">{_markdown(text)}</div>' if text else "")
        + (f'<div class="footer">{html.escape(below)}</div>' if below else "")
        + "</div>"
    )


def _markdown(text: str) -> str:
    parts = re.split(r"(`[^`\n]+`)", text)
    return "".join(
        f"<code>{html.escape(part[1:-1])}</code>"
        if len(part) > 2 and part.startswith("`")
        else re.sub(r"\*\*([^*\n]+)\*\*", r"<b>\1</b>", html.escape(part))
        for part in parts
    )


def _button(button: dict[str, Any]) -> str:
    leads_out = _LEADS_OUT if button["style"] == _LINK else ""
    return f'<span class="button">{html.escape(button["label"])}{leads_out}</span>'


def _reaction(reaction: dict[str, Any], *, own: bool) -> str:
    kind = "reaction mine" if own else "reaction"
    return f'<span class="{kind}">{reaction["emoji"]["name"]} {reaction["count"]}</span>'


async def channel_page() -> str:
    """A channel with a digest and its thread, as the adapter posts them."""
    async with stand_in() as discord:
        with tempfile.TemporaryDirectory() as folder:
            async with open_store(Path(folder)) as store:
                chat = DiscordChat(settings(discord), store, CLOCK, guild_patience=0.05)
                try:
                    await chat.start(UnusedHandler())
                    digest = await chat.send(CHANNEL, pictured.digest(CHANNEL))
                    for card in pictured.cards(CHANNEL, digest):
                        await chat.send(CHANNEL, card)
                finally:
                    await chat.close()
        reading = discord.channel(READING)
        posted = reading.messages[int(digest.message)]
        for emoji, members in (("1️⃣", (OWNER, ANN, BOB)), ("3️⃣", (BOB,))):
            for member in members:
                await discord.react(posted, emoji, user=member)
        papers = discord.channel(posted.id)
        first = next(iter(papers.messages.values()))
        body = message(posted.shown(), "Today at 09:00", ("1️⃣",))
        return page(reading.name, body + thread(papers, message(first.shown(), "Today at 09:00")))


def main() -> None:
    (Path(sys.argv[1]) / "digest.html").write_text(asyncio.run(channel_page()))


if __name__ == "__main__":
    main()
