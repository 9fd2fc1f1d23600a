"""The settings of Discord."""

from __future__ import annotations

from dataclasses import dataclass

from bot.setting_reader import Secret, SettingReader
from bot.setting_values import base_url, gateway_url, token

API_URL = "https://discord.com/api/v10"


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """The settings of Discord, checked. ``gateway_url``: empty for the gateway that the API names."""

    token: Secret
    api_url: str = API_URL
    gateway_url: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not appear in any output."""
        return (self.token.value,)


def read(reader: SettingReader) -> DiscordConfig | None:
    """The settings of Discord, None when its token is not set."""
    secret = reader.secret("DISCORD_TOKEN", token)
    api = reader.value("DISCORD_API_URL", base_url, API_URL, f"an http or https address, for example {API_URL}")
    gateway = reader.value(
        "DISCORD_GATEWAY_URL", gateway_url, "", "a ws or wss address, for example wss://gateway.discord.gg/"
    )
    return DiscordConfig(secret, api.rstrip("/"), gateway) if secret else None
