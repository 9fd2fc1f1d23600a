"""Discord: the same bot, at home on Discord."""

from adapters.discord.chat import DiscordChat
from adapters.discord.settings import DiscordSettings

__all__ = ["DiscordChat", "DiscordSettings"]
