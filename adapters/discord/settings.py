"""What the Discord adapter is given."""

from __future__ import annotations

from dataclasses import dataclass, field

API_URL = "https://discord.com/api/v10"


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """``gateway_url``: where the gateway is, empty for the one that the API names."""

    token: str = field(repr=False)
    api_url: str = API_URL
    gateway_url: str = ""
