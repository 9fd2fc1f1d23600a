"""What the parts of the Slack adapter share while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.slack.api import SlackApi
from adapters.slack.channels import Channels
from adapters.slack.members import Members
from bot.background import Work
from bot.ports import Clock, Handler


@dataclass(frozen=True, slots=True)
class Parts:
    """Made by ``SlackChat.start``. ``uninstalled`` forgets the credentials of a workspace that removed the app.

    ``first_time``: whether a workspace's event of that id is told for the first time, as far back as Slack's requests
    are taken. Raises StoreError.
    """

    api: SlackApi
    handler: Handler
    clock: Clock
    work: Work
    members: Members
    channels: Channels
    uninstalled: Callable[[str], Awaitable[None]]
    first_time: Callable[[str, str], Awaitable[bool]]
