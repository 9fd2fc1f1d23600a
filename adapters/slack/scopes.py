"""What paperroute asks of a Slack workspace: each scope with its reason, and the events it subscribes to.

The least that serves (https://docs.slack.dev/reference/scopes): no message is read except to look up whether a post of
our own arrived and who reacted to it.
"""

from __future__ import annotations

WHY: dict[str, str] = {
    "commands": "the command `/papers`",
    "chat:write": "posting digests, cards and notices, and answering",
    "reactions:read": "saving a paper by a reaction",
    "channels:read": "names of public channels, whether the bot is in them, their renaming and archiving",
    "groups:read": "the same for private channels it was invited to",
    "channels:history": "looking up whether a post arrived when Slack's answer was lost",
    "groups:history": "the same in private channels it was invited to",
    "im:history": "the same in direct messages with the bot",
    "users:read": "the time zone of whoever makes a watch, and the names of members",
    "files:write": "giving exports as files",
}
"""Each scope of the bot token and what it is for."""

BOT_SCOPES = tuple(WHY)

APP_SCOPE = "connections:write"
"""The scope of the app token, for Socket Mode."""

BOT_EVENTS = (
    "app_home_opened",
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_id_changed",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
)
"""The events that have a listener; Slack switches an app off that leaves most of its events unanswered."""
