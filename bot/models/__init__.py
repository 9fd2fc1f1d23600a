"""The vocabulary of paperroute as frozen values.

All moments are aware datetimes in UTC; all days are arXiv's listing days (the day after the 20:00 US Eastern
announcement evening). A paper is keyed by its id without version.
"""

from __future__ import annotations

from bot.models.channels import (
    Channel,
    ChannelRef,
    ChannelSettings,
    ChannelStatus,
    Layout,
    MemberRef,
    MessageRef,
    Sort,
    TimedSetting,
    WorkspaceRef,
)
from bot.models.papers import Paper, PaperText, Ranked, Signal, Similar, Trending
from bot.models.posts import (
    Backlog,
    Composed,
    Delivery,
    Entry,
    FoundPost,
    OutboxItem,
    Post,
    Posted,
    PostKind,
    PostLimits,
    PostState,
    Receipt,
    Restored,
    Waiting,
)
from bot.models.reading import ArchiveSpan, Batch, Cursor, FanOut, Imported, Missing, Owed, PollStatus, Progress
from bot.models.saves import Followed, Follower, FollowUp, LinkCode, LinkKind, Save
from bot.models.watches import UPVOTE_DAYS, BackTest, Figures, QueryBlock, Tally, Watch, WatchFigures

__all__ = [
    "UPVOTE_DAYS",
    "ArchiveSpan",
    "BackTest",
    "Backlog",
    "Batch",
    "Channel",
    "ChannelRef",
    "ChannelSettings",
    "ChannelStatus",
    "Composed",
    "Cursor",
    "Delivery",
    "Entry",
    "FanOut",
    "Figures",
    "FollowUp",
    "Followed",
    "Follower",
    "FoundPost",
    "Imported",
    "Layout",
    "LinkCode",
    "LinkKind",
    "MemberRef",
    "MessageRef",
    "Missing",
    "OutboxItem",
    "Owed",
    "Paper",
    "PaperText",
    "PollStatus",
    "Post",
    "PostKind",
    "PostLimits",
    "PostState",
    "Posted",
    "Progress",
    "QueryBlock",
    "Ranked",
    "Receipt",
    "Restored",
    "Save",
    "Signal",
    "Similar",
    "Sort",
    "Tally",
    "TimedSetting",
    "Trending",
    "Waiting",
    "Watch",
    "WatchFigures",
    "WorkspaceRef",
]
