"""`paperroute setup PLATFORM`: what to do on the platform's side, with everything filled in."""

from __future__ import annotations

import sys

from cryptography.fernet import Fernet

from adapters.discord.instructions import setup_text as discord_text
from adapters.slack.instructions import setup_text as slack_text


def setup(platform: str, public_url: str) -> int:
    """Print the instructions for "slack" or "discord"; with a ``public_url`` for Slack's requests over HTTP to it."""
    text = slack_text(public_url, Fernet.generate_key().decode("ascii")) if platform == "slack" else discord_text()
    sys.stdout.write(text)
    return 0
