"""What `paperroute setup discord` prints: how to make the application, the invite link, where the token goes."""

from __future__ import annotations

from urllib.parse import urlencode

from adapters.discord.permissions import NEEDED, value

SCOPES = ("bot", "applications.commands")
_PLACE = "YOUR_APPLICATION_ID"


def invite_link(application: str = _PLACE) -> str:
    """The page on which somebody who may manage a server lets the bot in."""
    query = urlencode({"client_id": application, "scope": " ".join(SCOPES), "permissions": value()})
    return f"https://discord.com/oauth2/authorize?{query}"


def invitation(application: int | None) -> str:
    """What to do about a bot that is in no server."""
    return f"Open {invite_link(str(application or _PLACE))}, choose your server, and confirm."


def setup_text() -> str:
    """The instructions."""
    width = max(len(each.name) for each in NEEDED)
    permissions = "\n".join(f"     {each.name:{width}}  {each.why}" for each in NEEDED)
    return f"""To make the bot:

1. https://discord.com/developers/applications > "New Application". Name it paperroute.

2. "Bot" > "Reset Token". Copy the token into .env in the folder where paperroute runs, or into the environment:

   DISCORD_TOKEN=…

   Leave the "Privileged Gateway Intents" switched off: none is needed.

3. "General Information" > "Application ID": put it into this link in the place of {_PLACE},
   open it, choose your server, and confirm:

   {invite_link()}

   It asks for two scopes, bot (posting) and applications.commands (the command /papers), and for these
   permissions, each for one reason:

{permissions}

4. `paperroute doctor` checks token and channels; `paperroute run` serves. In a channel: /papers watch RLHF
"""
