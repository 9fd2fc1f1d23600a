"""The terminal as a chat platform: ``ConsoleChat``."""

from adapters.console.chat import CHANNEL, ConsoleChat
from adapters.console.screen import wants_colour

__all__ = ["CHANNEL", "ConsoleChat", "wants_colour"]
