"""Who is who on Slack: how enterprises, teams, channels, members and messages become the core's references.

Everything is keyed by enterprise, team and channel, since ids are unique only within them
(https://docs.slack.dev/apis/slack-connect/): a workspace is ``T1``, within an enterprise grid ``E1:T1``. A message is
its ``ts``, unique within its channel.
"""

from __future__ import annotations

from bot.models import ChannelRef, MemberRef, MessageRef

PLATFORM = "slack"


def workspace_of(enterprise: str | None, team: str | None) -> str:
    """``T1``, ``E1:T1``; ``E1:`` for what belongs to an enterprise and none of its teams."""
    return f"{enterprise}:{team or ''}" if enterprise else team or ""


def enterprise_and_team(workspace: str) -> tuple[str | None, str | None]:
    """The two parts of a workspace; None for one that is not there."""
    enterprise, colon, team = workspace.rpartition(":")
    return (enterprise or None) if colon else None, team or None


def channel_ref(workspace: str, channel: str) -> ChannelRef:
    return ChannelRef(PLATFORM, workspace, channel)


def member_ref(workspace: str, user: str, name: str = "") -> MemberRef:
    return MemberRef(PLATFORM, workspace, user, name)


def message_ref(workspace: str, channel: str, ts: str) -> MessageRef:
    return MessageRef(channel_ref(workspace, channel), ts)
