"""`paperroute setup PLATFORM`: what to do on the platform's side, with everything filled in."""

from __future__ import annotations

import sys

from cryptography.fernet import Fernet

from adapters.slack.instructions import setup_text


def setup(platform: str, public_url: str) -> int:
    """Print the instructions for ``platform`` ("slack"); with a ``public_url`` for requests over HTTP to it."""
    if platform != "slack":
        raise ValueError(platform)
    sys.stdout.write(setup_text(public_url, Fernet.generate_key().decode("ascii")))
    return 0
