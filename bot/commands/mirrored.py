"""What a channel's members are told of its digests by e-mail: how many there are, and not where they go."""

from __future__ import annotations

from bot.commands.context import Context
from bot.wording import count


async def also_mailed(context: Context) -> str:
    """A sentence about the addresses of the channel; empty where it has none. Raises StoreError."""
    mirrors = await context.store.mirrors(context.command.channel)
    return f"Also by e-mail to {count(len(mirrors), 'address', 'addresses')}." if mirrors else ""
