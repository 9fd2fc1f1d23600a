"""E-mail: digests for those who read their papers there."""

from adapters.email.chat import EmailChat
from adapters.email.settings import EmailSettings

__all__ = ["EmailChat", "EmailSettings"]
