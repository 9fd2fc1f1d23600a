"""The settings of the community's signals."""

from __future__ import annotations

from dataclasses import dataclass

from bot.setting_reader import SettingReader
from bot.setting_values import base_url, switch

API_URL = "https://huggingface.co/api/"


@dataclass(frozen=True, slots=True)
class SignalsConfig:
    """Where signals are read; ``api_url`` ends with a slash."""

    api_url: str = API_URL


def read(reader: SettingReader) -> SignalsConfig | None:
    """The settings, None when signals are switched off."""
    api_url = reader.value("HUGGINGFACE_API_URL", base_url, API_URL, f"an http or https address, for example {API_URL}")
    on = reader.value("PAPERROUTE_SIGNALS", switch, True, "on or off, for example off")
    return SignalsConfig(api_url) if on else None
