"""The `/papers …` commands, platform-neutral: a Command goes in, a Reply comes out. One module a family."""

from bot.commands.router import Commands
from bot.commands.table import COMMANDS, CommandInfo

__all__ = ["COMMANDS", "CommandInfo", "Commands"]
